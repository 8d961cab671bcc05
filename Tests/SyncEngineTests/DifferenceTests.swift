import Manifest
import SyncEngine
import Testing

@Suite("Difference") struct DifferenceTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var desired: String
        var live: String
        var owned: String?
        var pointers: [String] = []
        var expected: [String]
    }

    static let rows = [
        Row(
            testDescription: "what others added is theirs",
            desired: #"{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1"}}"#,
            live: #"{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1","b":"2"}}"#, expected: []),
        Row(
            testDescription: "a changed value",
            desired: #"{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1"}}"#,
            live: #"{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"2"}}"#, expected: ["data.a"]),
        Row(
            testDescription: "a field that the syncer owns and Git dropped",
            desired: #"{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1"}}"#,
            live: #"{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1","b":"2"}}"#,
            owned: #"{"f:data":{"f:a":{},"f:b":{}}}"#, expected: ["data.b"]),
        Row(
            testDescription: "a container that the syncer owns and Git dropped",
            desired: #"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"containers":[{"name":"a"}]}}"#,
            live:
                #"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"containers":[{"name":"b"},{"name":"a","x":1}]}}"#,
            owned:
                #"{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:name":{}},"k:{\"name\":\"b\"}":{".":{}}}}}"#,
            expected: [#"spec.containers.["b"]"#]),
        Row(
            testDescription: "an injected sidecar is not ours",
            desired: #"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"containers":[{"name":"a"}]}}"#,
            live:
                #"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"containers":[{"name":"proxy"},{"name":"a"}]}}"#,
            expected: []),
        Row(
            testDescription: "quantities are compared by value",
            desired:
                #"{"apiVersion":"v1","kind":"Pod","spec":{"resources":{"limits":{"cpu":"1000m","memory":"1Gi"}}}}"#,
            live: #"{"apiVersion":"v1","kind":"Pod","spec":{"resources":{"limits":{"cpu":1,"memory":"1024Mi"}}}}"#,
            expected: []),
        Row(
            testDescription: "a key that the syncer filled in is no field that Git dropped",
            desired: #"{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80}]}}"#,
            live: #"{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80,"protocol":"TCP"}]}}"#,
            owned:
                #"{"f:spec":{"f:ports":{"k:{"port":80,"protocol":"TCP"}":{".":{},"f:port":{},"f:protocol":{}}}}}"#,
            expected: []),
        Row(
            testDescription: "a service port without protocol is TCP",
            desired: #"{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80}]}}"#,
            live:
                #"{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80,"protocol":"TCP","targetPort":80}]}}"#,
            expected: []),
        Row(
            testDescription: "empty values that the server drops",
            desired:
                #"{"apiVersion":"v1","kind":"Pod","metadata":{"creationTimestamp":null,"annotations":{}},"spec":{"resources":{}}}"#,
            live: #"{"apiVersion":"v1","kind":"Pod","spec":{"nodeName":"n1"}}"#, expected: []),
        Row(
            testDescription: "stringData is compared where the server keeps it",
            desired: #"{"apiVersion":"v1","kind":"Secret","stringData":{"a":"shop"}}"#,
            live: #"{"apiVersion":"v1","kind":"Secret","data":{"a":"c2hvcA=="}}"#, expected: []),
        Row(
            testDescription: "an ignored pointer",
            desired: #"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":1}}"#,
            live: #"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":4}}"#, pointers: ["/spec/replicas"],
            expected: []),
        Row(
            testDescription: "status is never compared",
            desired: #"{"apiVersion":"apps/v1","kind":"Deployment","status":{"replicas":1}}"#,
            live: #"{"apiVersion":"apps/v1","kind":"Deployment"}"#, expected: []),
        Row(
            testDescription: "a foreign addition in an atom that the syncer lost",
            desired: #"{"apiVersion":"x.io/v1","kind":"R","spec":{"http":[{"name":"a"}]}}"#,
            live: #"{"apiVersion":"x.io/v1","kind":"R","spec":{"http":[{"name":"a","timeout":"1s"}]}}"#,
            owned: #"{"f:spec":{"f:other":{}}}"#, expected: ["spec.http.0.timeout"]),
        Row(
            testDescription: "a server's default in an atom that the syncer owns",
            desired: #"{"apiVersion":"x.io/v1","kind":"R","spec":{"http":[{"name":"a"}]}}"#,
            live: #"{"apiVersion":"x.io/v1","kind":"R","spec":{"http":[{"name":"a","timeout":"1s"}]}}"#,
            owned: #"{"f:spec":{"f:http":{}}}"#, expected: []),
        Row(
            testDescription: "a foreign key in a selector that the syncer lost",
            desired: #"{"apiVersion":"v1","kind":"Service","spec":{"selector":{"app":"web"}}}"#,
            live: #"{"apiVersion":"v1","kind":"Service","spec":{"selector":{"app":"web","x":"y"}}}"#,
            owned: #"{"f:spec":{"f:ports":{}}}"#, expected: ["spec.selector.x"]),
        Row(
            testDescription: "a custom resource's list with one element more",
            desired: #"{"apiVersion":"x.io/v1","kind":"R","spec":{"list":[1]}}"#,
            live: #"{"apiVersion":"x.io/v1","kind":"R","spec":{"list":[1,2]}}"#, expected: ["spec.list"]),
    ]

    @Test("one object", arguments: rows)
    func between(_ row: Row) {
        let rules = row.pointers.isEmpty ? [] : [IgnoreRule(group: "*", kind: "*", jsonPointers: row.pointers)]
        let paths = Difference.between(
            desired: json(row.desired), live: json(row.live), owned: row.owned.map(json), ignoring: rules)
        #expect(paths == row.expected)
    }

    @Test("secrets are masked, equal values equally")
    func masks() {
        var mask = SecretMask()
        let first = mask.masked(json(#"{"apiVersion":"v1","kind":"Secret","data":{"a":"eA==","b":"eQ==","c":"eA=="}}"#))
        #expect(first["data"] == ["a": "++++++++", "b": "++++++++++++", "c": "++++++++"])
        #expect(mask.masked(configMap("x")) == configMap("x"))
    }
}
