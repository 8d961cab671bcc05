import Glibc
import Hummingbird
import Logging
import NIOCore

/// The demo shop for a browser: a page that shows live which version answers, by colour.
package final class ShopPage: Sendable {
    package let port: Int
    private let gateway: MeshGateway
    private let host: String

    /// - Parameter port: 0 takes a free one.
    package init(gateway: MeshGateway, host: String, port: Int = 0) throws {
        guard let free = freeLoopbackPort(port) else {
            throw FileError(what: "listen on 127.0.0.1:\(port) for the shop", code: EADDRINUSE)
        }
        self.gateway = gateway
        self.host = host
        self.port = free
    }

    /// Serves until cancelled.
    package func run() async throws {
        let router = Router()
        router.get("/") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: Self.html)))
        }
        // What a visitor's request gets, sent through the gateway like everybody's.
        router.get("visit") { [gateway, host] _, _ in
            let answer = await gateway.send(host: host)
            return Response(
                status: .init(code: answer.code), headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(string: answer.body)))
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: Logger(label: "stage") { _ in SwiftLogNoOpLogHandler() })
        try await application.run()
    }

    private static let html = #"""
        <!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
        <meta name="viewport" content="width=device-width, initial-scale=1"><style>
        body { font: 16px system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem; color-scheme: light dark; }
        #grid { display: grid; grid-template-columns: repeat(20, 1fr); gap: 4px; margin: 1rem 0; }
        #grid i { aspect-ratio: 1; border-radius: 4px; background: #8884; } #grid i.bad { outline: 3px solid #d00; outline-offset: -3px; }
        #share { display: flex; height: 2rem; border-radius: 6px; overflow: hidden; }
        #share span { display: flex; align-items: center; justify-content: center; color: #fff; min-width: 0; overflow: hidden; }
        </style></head><body><h1>Shop</h1><p>Each square is one request; its colour is the version that answered.</p>
        <div id="share" role="img" aria-label="share of versions"></div><div id="grid" aria-hidden="true"></div>
        <p id="text" role="status"></p><script>
        const last = [], grid = document.getElementById("grid"), share = document.getElementById("share");
        for (let i = 0; i < 200; i++) grid.append(document.createElement("i"));
        async function visit() {
          try { const a = await fetch("visit"), v = await a.json(); last.push({ version: v.version || "none", ok: a.ok }); }
          catch { last.push({ version: "none", ok: false }); }
          while (last.length > 200) last.shift();
          const counts = {}; let errors = 0;
          last.forEach((x, i) => { const c = grid.children[i]; c.style.background = CSS.supports("color", x.version) ? x.version : "gray";
            c.className = x.ok ? "" : "bad"; counts[x.version] = (counts[x.version] || 0) + 1; if (!x.ok) errors++; });
          share.replaceChildren(...Object.keys(counts).sort().map(v => { const s = document.createElement("span");
            s.style.background = CSS.supports("color", v) ? v : "gray"; s.style.flexGrow = counts[v];
            s.textContent = `${v} ${Math.round(100 * counts[v] / last.length)} %`; return s; }));
          document.getElementById("text").textContent = `${errors} of the last ${last.length} requests failed`;
          setTimeout(visit, 60);
        }
        visit();
        </script></body></html>
        """#
}
