package import Manifest

/// Bounds on what one render may read and make.
package struct RenderLimits: Hashable, Sendable {
    /// All files together, each counted as often as it is read.
    package var inputBytes: Int
    /// Nesting of directories, and of Kustomize bases.
    package var depth: Int
    /// Files of a directory, and builds of Kustomize targets.
    package var files: Int
    package var objects: Int

    package init(inputBytes: Int = 10 << 20, depth: Int = 100, files: Int = 20_000, objects: Int = 50_000) {
        self.inputBytes = inputBytes
        self.depth = depth
        self.files = files
        self.objects = objects
    }

    /// 10 MiB, depth 100, 20,000 files, 50,000 objects.
    package static let standard = RenderLimits()
}

/// What to render, and how.
package struct RenderRequest: Hashable, Sendable {
    package enum Tool: String, Hashable, Sendable {
        /// Kustomize where there is a kustomization file, else a plain directory.
        case detect
        case directory
        case kustomize
    }

    /// A directory relative to the source's root; `""` or `.` is the root.
    package var path: String
    package var tool: Tool
    package var directory: DirectoryOptions
    package var kustomize: KustomizeOverrides
    package var limits: RenderLimits

    package init(
        path: String, tool: Tool = .detect, directory: DirectoryOptions = DirectoryOptions(),
        kustomize: KustomizeOverrides = KustomizeOverrides(), limits: RenderLimits = .standard
    ) {
        self.path = path
        self.tool = tool
        self.directory = directory
        self.kustomize = kustomize
        self.limits = limits
    }
}

/// `source.directory` of an Application.
package struct DirectoryOptions: Hashable, Sendable {
    package var recurse: Bool
    /// A glob, or `{a,b}`; empty for everything.
    package var include: String
    package var exclude: String

    package init(recurse: Bool = false, include: String = "", exclude: String = "") {
        self.recurse = recurse
        self.include = include
        self.exclude = exclude
    }
}

/// `source.kustomize` of an Application: changes to the root kustomization.
package struct KustomizeOverrides: Hashable, Sendable {
    package var namePrefix: String
    package var nameSuffix: String
    package var namespace: String
    /// `name=newName:tag`, `name=newName@digest` or `name:tag`; of two for one image the later wins.
    package var images: [String]
    /// Counts by name.
    package var replicas: [String: Int64]
    package var commonLabels: [String: String]
    package var commonAnnotations: [String: String]
    /// Labels go to metadata only (and to templates with `labelIncludeTemplates`), not into selectors.
    package var labelWithoutSelector: Bool
    package var labelIncludeTemplates: Bool
    /// Entries as in a kustomization's `patches`.
    package var patches: [JSON]
    package var components: [String]

    package init(
        namePrefix: String = "", nameSuffix: String = "", namespace: String = "", images: [String] = [],
        replicas: [String: Int64] = [:], commonLabels: [String: String] = [:],
        commonAnnotations: [String: String] = [:], labelWithoutSelector: Bool = false,
        labelIncludeTemplates: Bool = false, patches: [JSON] = [], components: [String] = []
    ) {
        self.namePrefix = namePrefix
        self.nameSuffix = nameSuffix
        self.namespace = namespace
        self.images = images
        self.replicas = replicas
        self.commonLabels = commonLabels
        self.commonAnnotations = commonAnnotations
        self.labelWithoutSelector = labelWithoutSelector
        self.labelIncludeTemplates = labelIncludeTemplates
        self.patches = patches
        self.components = components
    }
}
