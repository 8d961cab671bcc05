import Kubernetes
import Manifest

/// A watch as lines of JSON.
struct WatchStream: AnswerStream {
    let cluster: ClusterAPI
    let kind: ServedKind
    let list: ListOptions
    let options: WatchOptions
    let form: AnswerForm

    func write(to sink: ([UInt8]) async throws -> Void) async throws {
        let table = Table(kind)
        var isFirst = true
        do {
            try await cluster.watch(kind, list, options) { output in
                switch output {
                case .bookmark(let revision, let ends):
                    // A bookmark has no rows to show.
                    if form.kind == .table { return }
                    let bookmark = kind.bookmark(revision, endsInitialEvents: ends)
                    try await sink(Self.line("BOOKMARK", bookmark.serialized()))
                case .change(let delivery):
                    let line: [UInt8]
                    switch form.kind {
                    case .object: line = cluster.shownBytes(delivery.object, as: kind)
                    case .metadata: line = form.metadataOnly(cluster.shown(delivery.object, as: kind)).serialized()
                    case .table:
                        let object = cluster.shown(delivery.object, as: kind)
                        var rows = table.table([object], includeObject: form.includeObject, now: cluster.clock.now())
                        rows["metadata"] = ["resourceVersion": .string(object.resourceVersion)]
                        if !isFirst { rows["columnDefinitions"] = .null }
                        line = rows.serialized()
                    }
                    isFirst = false
                    try await sink(Self.line(delivery.kind.rawValue, line))
                }
            }
        } catch let error as KubernetesError {
            try await sink(Self.line("ERROR", error.status(kind: kind.definition, name: nil).serialized()))
        }
    }

    private static func line(_ type: String, _ object: [UInt8]) -> [UInt8] {
        Array("{\"type\":\"\(type)\",\"object\":".utf8) + object + Array("}\n".utf8)
    }
}
