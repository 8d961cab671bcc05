import Manifest
import SyncEngine
import Testing

@Suite("Order and comparison") struct OrderTests {
    private func object(_ apiVersion: String, _ kind: String, _ name: String, wave: String? = nil) -> JSON {
        var result: JSON = [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": ["name": .string(name)],
        ]
        if let wave { result.set(.string(wave), at: "metadata", "annotations", "argocd.argoproj.io/sync-wave") }
        return result
    }

    private func compare(_ set: TargetSet, _ live: [JSON] = []) -> LiveComparison {
        LiveComparison.of(
            set, live: Dictionary(live.map { ($0.objectReference, LiveObject($0)) }, uniquingKeysWith: { $1 }),
            instance: "web", application: webApplication, context: OwnershipContext())
    }

    @Test("waves, then kinds, then names; a Namespace and a definition come before what needs them")
    func order() {
        let set = targets([
            object("apps/v1", "Deployment", "b"), object("v1", "ConfigMap", "z"), object("v1", "ConfigMap", "a"),
            object("v1", "Service", "s", wave: "-1"), object("v1", "Namespace", "shop", wave: "5"),
            object("argoproj.io/v1alpha1", "Rollout", "r"),
        ])
        let tasks = SyncTask.ordered(compare(set).objects, selection: [], prunesLast: false)
        #expect(tasks.map(\.reference.name) == ["shop", "s", "a", "z", "b", "r"])
        #expect(tasks.map(\.wave) == [-1, -1, 0, 0, 0, 0])
    }

    @Test("deletion is creation in reverse, or last of all")
    func prunes() {
        let live = targets([
            object("v1", "ConfigMap", "first", wave: "1"), object("v1", "ConfigMap", "second", wave: "2"),
        ]).targets.map(\.object)
        let set = targets([object("v1", "ConfigMap", "kept", wave: "3")])
        let comparison = compare(set, live)
        #expect(comparison.objects.filter(\.requiresPruning).count == 2)
        let tasks = SyncTask.ordered(comparison.objects, selection: [], prunesLast: false)
        #expect(tasks.map(\.reference.name) == ["second", "first", "kept"])
        let last = SyncTask.ordered(comparison.objects, selection: [], prunesLast: true)
        #expect(last.map(\.reference.name) == ["kept", "first", "second"])
    }

    @Test("only objects that are tracked under their own name count as extraneous")
    func tracking() {
        var copied = configMap("copy")
        copied.set("web:/ConfigMap:shop/other", at: "metadata", "annotations", "argocd.argoproj.io/tracking-id")
        var foreign = configMap("foreign")
        foreign.set("api:/ConfigMap:shop/foreign", at: "metadata", "annotations", "argocd.argoproj.io/tracking-id")
        let comparison = compare(targets([configMap("foreign")]), [copied, foreign])
        #expect(comparison.objects.map(\.reference.name) == ["foreign"])
        #expect(comparison.conditions.map(\.kind) == [.sharedResource])
    }

    @Test("tracking ids go there and back", arguments: ["web:apps/Deployment:shop/web", "ns_web:/Service:/a:b"])
    func trackingID(_ text: String) { #expect(TrackingID(text)?.description == text) }

    @Test(
        "malformed tracking ids are none", arguments: ["", "web", "web:apps:shop/web", ":apps/X:a/b", "web:apps/:a/b"])
    func noTrackingID(_ text: String) { #expect(TrackingID(text) == nil) }

    @Test("repeated, excluded and hooked manifests are told, not dropped")
    func conditions() {
        var hook = object("batch/v1", "Job", "migrate")
        hook.set("PreSync", at: "metadata", "annotations", "argocd.argoproj.io/hook")
        var skipped = object("batch/v1", "Job", "skipped")
        skipped.set("Skip", at: "metadata", "annotations", "argocd.argoproj.io/hook")
        let set = targets([
            hook, skipped, configMap("a", "1"), configMap("a", "2"), object("coordination.k8s.io/v1", "Lease", "l"),
        ])
        #expect(set.conditions.map(\.kind) == [.invalidSpec, .repeatedResource, .excludedResource])
        #expect(set.targets.map(\.reference.name) == ["a", "migrate"])
        #expect(set.targets.first?.object.at("data", "key") == "2")
    }
}
