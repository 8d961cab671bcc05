import Controllers
import Kubernetes
import Manifest
import RolloutEngine
import SluiceTestKit
import Testing

@Suite("Subsets and the progress threshold") struct SubsetThresholdTests {
    @Test("the stable subset leads to the new pods once as many are there as the threshold asks for")
    func threshold() async throws {
        let stand = try await RolloutFarewellTests.bySubsets(threshold: ["type": "Percent", "value": 50])
        try await stand.setImage("web:2")
        try await stand.run()
        try await stand.edit(["status": ["pauseConditions": .null]], "status")
        try await stand.settle()
        let canary = try #require(try await stand.replicaSets().last)
        #expect(canary.replicas == 4 && canary.availableReplicas == 1)
        _ = try await stand.api.patch(
            .replicaSets, canary.key, .merge,
            [
                "status": [
                    "replicas": 4, "readyReplicas": 3, "availableReplicas": 3,
                    "observedGeneration": JSON(Int(canary.generation)),
                ]
            ], subresource: "status", WriteOptions())
        try await stand.settle()
        #expect(try await stand.status().stableRS == canary.hash)
        let rule = try await stand.api.get(
            RolloutFarewellTests.destinationRules, RolloutFarewellTests.key, subresource: nil)
        let hashes = (rule?.at("spec", "subsets")?.arrayValue ?? []).map {
            $0.at("labels", Keys.podTemplateHash)?.stringValue
        }
        #expect(hashes == [canary.hash, canary.hash])
        #expect(try await RolloutFarewellTests.weights(stand) == [100, 0])
    }
}
