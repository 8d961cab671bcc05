package import Manifest

/// Where an object comes from.
package struct Provenance: Hashable, Sendable, CustomStringConvertible {
    /// Relative to the source's root; the kustomization file for a generated object.
    package var file: String
    /// Index in the file, from 0.
    package var document: Int
    /// Line at which it begins, from 1; 0 when generated.
    package var line: Int
    /// What made it when it was generated: `configMapGenerator settings`.
    package var generator: String

    package init(file: String, document: Int = 0, line: Int = 0, generator: String = "") {
        self.file = file
        self.document = document
        self.line = line
        self.generator = generator
    }

    package var description: String { generator.isEmpty ? "\(file):\(line)" : "\(file) (\(generator))" }
}

/// One object of a render.
package struct RenderedObject: Hashable, Sendable {
    package var object: JSON
    package var provenance: Provenance

    package init(object: JSON, provenance: Provenance) {
        self.object = object
        self.provenance = provenance
    }
}

/// The result of a render.
package struct RenderedManifests: Sendable {
    /// The tool that was used; never `detect`.
    package var tool: RenderRequest.Tool
    package var objects: [RenderedObject]
    /// SHA-256 of the objects in their order, in hex: equal output has equal digests.
    package var digest: String
    package var footprint: RenderFootprint
    /// What a person should know although it worked.
    package var warnings: [String]

    init(tool: RenderRequest.Tool, objects: [RenderedObject], footprint: RenderFootprint, warnings: [String] = []) {
        self.tool = tool
        self.objects = objects
        self.footprint = footprint
        self.warnings = warnings
        var digest = ContentDigest.Accumulator()
        for object in objects {
            digest.add(object.object.serialized())
            digest.add([0x0A])
        }
        self.digest = digest.hex()
    }

    /// All objects as one YAML text, byte for byte as Kustomize writes it.
    package var yaml: String { YAML.emit(documents: objects.map(\.object)) }
}
