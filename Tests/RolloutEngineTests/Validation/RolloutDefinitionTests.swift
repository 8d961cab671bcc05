import Glibc
import Manifest
import Testing

@Suite("The definition of Rollouts that is installed")
struct RolloutDefinitionTests {
    static let path =
        #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/deploy/crds/rollouts-crd.yaml"

    static func definition() throws -> JSON {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return try #require(try YAML.parse(Array(bytes[..<count])).first)
    }

    @Test("a selector cannot change once it is set, and may come and go as a whole") func selector() throws {
        let versions = try #require(try Self.definition().at("spec", "versions")?.arrayValue)
        for version in versions {
            let spec = version.at("schema", "openAPIV3Schema", "properties", "spec")
            // At the field itself: such a rule is asked only where both the old and the new object have it.
            let rules = spec?.at("properties", "selector", "x-kubernetes-validations")?.arrayValue ?? []
            #expect(rules.map { $0["rule"] } == ["self == oldSelf"])
            #expect(spec?["x-kubernetes-validations"] == nil)
        }
        #expect(versions.count == 1)
    }
}
