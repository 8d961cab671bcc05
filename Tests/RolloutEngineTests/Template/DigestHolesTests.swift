import Manifest
import RolloutEngine
import Testing

@Suite("Templates that differ in holes") struct DigestHolesTests {
    private static let hash = "rollouts-pod-template-hash"

    private func set(_ template: String) throws -> (digest: UInt64, images: [String]) {
        var reader = JSONReader(Array(#"{"metadata":{"name":"web"},"spec":{"template":\#(template)}}"#.utf8))
        let set = try ReplicaSet.decode(&reader)
        try reader.finish()
        return (set.templateDigest, set.images)
    }

    /// Read as it is, which a template before it may be like, and with white space, which none before is like.
    private func read(_ template: String) throws -> (digest: UInt64, images: [String]) {
        let known = try set(template)
        let fresh = try set(template.replacing("\"containers\":", with: "\"containers\" :"))
        #expect(known == fresh, "\(template)")
        return known
    }

    private func template(
        hash: String = "abc", _ containers: [String], labels: String = "", rest: String = ""
    ) -> String {
        #"""
        {"metadata":{"labels":{"app":"holes","\#(Self.hash)":"\#(hash)"\#(labels)}},\#
        "spec":{"containers":[\#(containers.joined(separator: ","))]\#(rest)}}
        """#
    }

    private func container(_ name: String, _ image: String, _ rest: String = "") -> String {
        #"{"name":"\#(name)","image":"\#(image)","terminationMessagePath":"/dev/termination-log"\#(rest)}"#
    }

    @Test("templates of one shape are told apart by their images, and not by their hash")
    func images() throws {
        let first = try read(template([container("a", "web:1"), container("b", "proxy:1")]))
        for (index, hash) in ["abc", "def", "a hash that is longer than the others"].enumerated() {
            let same = try read(template(hash: hash, [container("a", "web:1"), container("b", "proxy:1")]))
            #expect(same == first)
            let other = try read(template(hash: hash, [container("a", "web:1"), container("b", "proxy:2.\(index)")]))
            #expect(other.digest != first.digest)
            #expect(other.images == ["web:1", "proxy:2.\(index)"])
            let swapped = try read(template(hash: hash, [container("a", "proxy:1"), container("b", "web:1")]))
            #expect(swapped.digest != first.digest)
            #expect(swapped.images == ["proxy:1", "web:1"])
        }
    }

    @Test("the pull policy counts as each image has it")
    func pullPolicy() throws {
        for policy in ["Always", "IfNotPresent"] {
            let rest = #","imagePullPolicy":"\#(policy)""#
            for image in [
                "web:1", "web", "web:latest", "host:5000/web", "web@sha256:abc", "host:5000/web:latest",
                "web:latest@sha256:abc", "web:1@sha256:abc",
            ] {
                let with = try read(template([container("a", image, rest)])).digest
                let without = try read(template([container("a", image)])).digest
                let isDefault =
                    ["web:1", "web@sha256:abc", "web:1@sha256:abc"].contains(image) == (policy == "IfNotPresent")
                #expect((with == without) == isDefault, "\(policy) \(image)")
            }
        }
    }

    @Test("what else may be in the place of an image, a container or a hash is read in full")
    func odd() throws {
        let odd = [
            ["null", container("a", "web:1")], [container("a", "")], [#"{"name":"a"}"#], [],
            [#"{"name":"a","image":"web:1","image":"web:2"}"#], [#"{"name":"a","image":null}"#],
            [#"{"name":"a","image":"we\u0062:1"}"#], [container("a", "web:1"), "{}"],
        ]
        let labels = ["", #","\#(Self.hash)":"twice""#, #","\#(Self.hash)":null"#, #","\#(Self.hash)":{"no":"text"}"#]
        let rests = [
            "", #","containers":[\#(container("c", "web:3"))]"#, #","initContainers":[\#(container("i", "init:1"))]"#,
            #","affinity":{}"#, #","hostNetwork":true"#,
        ]
        for round in 0..<2 {
            for containers in odd {
                for label in labels {
                    for rest in rests {
                        _ = try read(template(hash: "h\(round)", containers, labels: label, rest: rest))
                        _ = try read(
                            template(
                                hash: "h\(round)", containers.map { $0.replacing("web", with: "job") }, labels: label,
                                rest: rest))
                    }
                }
            }
        }
    }

    @Test("a host's port counts as the pod's network says, also where the template is known")
    func network() throws {
        let port = #","ports":[{"containerPort":80,"hostPort":80}]"#
        for image in ["web:1", "web:2"] {
            let host = try read(template([container("a", image, port)], rest: #","hostNetwork":true"#)).digest
            let plain = try read(
                template([container("a", image, #","ports":[{"containerPort":80}]"#)], rest: #","hostNetwork":true"#)
            ).digest
            let own = try read(template([container("a", image, port)])).digest
            #expect(host == plain)
            #expect(own != host)
        }
    }

    @Test("text that ends or breaks behind a hole is an error each time")
    func broken() throws {
        let whole = template([container("a", "web:1")])
        for _ in 0..<2 {
            _ = try read(whole)
            for count in [30, 60, 90, 120, whole.count - 1] {
                #expect(throws: JSONError.self) { try set(String(whole.prefix(count))) }
            }
            #expect(throws: JSONError.self) { try set(whole.replacing("\"web:1\"", with: "7")) }
        }
    }
}
