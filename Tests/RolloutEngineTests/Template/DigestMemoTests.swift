import Manifest
import RolloutEngine
import Testing

@Suite("Remembered digests") struct DigestMemoTests {
    private func digest(_ container: String, hostNetwork: Bool) throws -> UInt64 {
        let text = """
            {"spec":{"containers":[{"name":"web","image":"nginx:1.25",\(container)}],"hostNetwork":\(hostNetwork)}}
            """
        var reader = JSONReader(Array(text.utf8))
        return try TemplateDigest.read(&reader)
    }

    @Test("the same text of ports counts as its pod's network says, however often it was seen")
    func context() throws {
        let bound = #""ports":[{"name":"remembered","containerPort":9100,"hostPort":9100}]"#
        let free = #""ports":[{"name":"remembered","containerPort":9100}]"#
        for _ in 0..<40 {
            #expect(try digest(bound, hostNetwork: true) == digest(free, hostNetwork: true))
            #expect(try digest(bound, hostNetwork: false) != digest(free, hostNetwork: false))
        }
    }

    @Test("a part counts the same when it is known, and by its field")
    func repeated() throws {
        let probe = #"{"httpGet":{"path":"/remembered","port":"http"},"periodSeconds":7}"#
        let first = try digest(#""livenessProbe":\#(probe)"#, hostNetwork: false)
        for number in 0..<2_000 {
            let other = try digest(
                #""livenessProbe":{"httpGet":{"path":"/other-\#(number)","port":1}}"#, hostNetwork: false)
            #expect(other != first)
        }
        #expect(try digest(#""livenessProbe":\#(probe)"#, hostNetwork: false) == first)
        #expect(try digest(#""readinessProbe":\#(probe)"#, hostNetwork: false) != first)
    }

    /// Written with and without white space, which no remembered text has both of.
    private func both(_ image: String, _ rest: String) throws -> UInt64 {
        let text = #"{"spec":{"containers":[{"name":"web","image":"\#(image)",\#(rest)}],"restartPolicy":"Never"}}"#
        var reader = JSONReader(Array(text.utf8))
        let digest = try TemplateDigest.read(&reader)
        try reader.finish()
        var spaced = JSONReader(Array(text.replacing("\",", with: "\" ,").utf8))
        #expect(try TemplateDigest.read(&spaced) == digest)
        return digest
    }

    @Test("what follows the image counts with any image, and the pull policy as that image has it")
    func tails() throws {
        let rest = #""ports":[{"name":"remembered","containerPort":9100}],"workingDir":"/remembered/tails""#
        let always = rest + #","imagePullPolicy":"Always""#
        for _ in 0..<3 {
            let (first, second) = (try both("nginx:1.25", rest), try both("nginx:1.26", rest))
            #expect(first != second)
            #expect(try both("nginx:1.25", always) != first)
            #expect(try both("nginx:1.25", rest + #","imagePullPolicy":"IfNotPresent""#) == first)
            #expect(try both("nginx:latest", always) == both("nginx:latest", rest))
        }
    }

    @Test("images behind a remembered text are seen each time")
    func images() throws {
        let padding = String(repeating: "x", count: 60)
        let pod = """
            {"containers":[{"name":"a","image":"one","workingDir":"\(padding)","image":"two"}],"hostname":"\(padding)",\
            "containers":[{"name":"b","image":"three","workingDir":"\(padding)"}],"affinity":{}}
            """
        for _ in 0..<3 {
            let set = try ReplicaSet(JSON(parsing: #"{"metadata":{"name":"web"}}"#))
            #expect(set.images.isEmpty)
            var reader = JSONReader(Array(#"{"metadata":{"name":"web"},"spec":{"template":{"spec":\#(pod)}}}"#.utf8))
            #expect(try ReplicaSet.decode(&reader).images == ["one", "two", "three"])
        }
    }

    @Test("a part that cannot be read is named each time")
    func unreadable() throws {
        let wrong = #""livenessProbe":{"httpGet":{"path":["remembered"],"port":80}}"#
        for _ in 0..<3 {
            let error = #expect(throws: JSONError.self) { try digest(wrong, hostNetwork: false) }
            #expect(error?.fieldPath == "spec.containers[0].livenessProbe.httpGet.path")
        }
    }
}
