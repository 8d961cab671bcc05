import Manifest

/// A kustomization file after its legacy fields are rewritten.
struct Kustomization {
    var file: String
    var isComponent = false
    var resources: [String] = []
    var components: [String] = []
    var configurations: [String] = []
    var namespace = ""
    var namePrefix = ""
    var nameSuffix = ""
    var labels: [LabelRule] = []
    var annotations: [String: String] = [:]
    /// The three patch fields in the order in which they are applied.
    var strategicPatches: [PatchRule] = []
    var patches: [PatchRule] = []
    var jsonPatches: [PatchRule] = []
    var images: [ImageRule] = []
    var replicas: [ReplicaRule] = []
    var generators: [GeneratorRule] = []
    var sortOrder: OutputOrder?

    struct LabelRule {
        var pairs: [String: String]
        var includeSelectors = false
        var includeTemplates = false
        var fields: [FieldSpec] = []
    }

    struct ReplicaRule {
        var name: String
        var count: Int64
    }

    struct PatchRule {
        /// File of the patch, relative to the kustomization's directory; `nil` for an inline patch.
        var path: String?
        var text = ""
        var target: PatchTarget?
        var allowNameChange = false
        var allowKindChange = false
        /// A field such as `patches[2]`.
        var place: String
    }

    struct GeneratorRule {
        enum Behavior: String { case create, merge, replace }

        var isSecret: Bool
        var name: String
        var namespace = ""
        var behavior = Behavior.create
        var literals: [String] = []
        var files: [String] = []
        var envs: [String] = []
        var type = ""
        var options = GeneratorOptions()
        var place: String
    }

    struct GeneratorOptions {
        var labels: [String: String] = [:]
        var annotations: [String: String] = [:]
        var disableNameSuffixHash = false
        var immutable = false
    }
}
