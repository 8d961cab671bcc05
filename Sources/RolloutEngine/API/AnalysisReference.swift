package import Manifest

/// What to analyse: templates, arguments and run metadata.
package struct AnalysisReference: Hashable, Sendable {
    package struct Template: Hashable, Sendable {
        package var name: String
        package var isClusterScoped: Bool
    }

    package struct Argument: Hashable, Sendable {
        package enum Value: Hashable, Sendable {
            case literal(String)
            /// `Latest` or `Stable`.
            case podTemplateHash(String)
            case fieldPath(String)
            case none
        }

        package var name: String
        package var value: Value
    }

    package var templates: [Template] = []
    package var arguments: [Argument] = []
    /// `dryRun` and `measurementRetention`, handed on as they are.
    package var dryRun: JSON?
    package var measurementRetention: JSON?
    package var labels: [String: String] = [:]
    package var annotations: [String: String] = [:]

    package init() {}

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = AnalysisReference()
        try reader.readObject { reader, name throws(JSONError) in
            try found.read(&reader, name)
        }
        self = found
    }

    mutating func read(_ reader: inout JSONReader, _ name: String) throws(JSONError) {
        if try reader.readNull() { return }
        var found = self
        switch name {
        case "templates":
            try reader.readArray { reader throws(JSONError) in
                var template = Template(name: "", isClusterScoped: false)
                try reader.readObject { reader, name throws(JSONError) in
                    switch name {
                    case "templateName": template.name = try reader.readText()
                    case "clusterScope": template.isClusterScoped = try reader.readFlag()
                    default: break
                    }
                }
                found.templates.append(template)
            }
        case "args":
            try reader.readArray { reader throws(JSONError) in
                found.arguments.append(try AnalysisReference.argument(&reader))
            }
        case "dryRun": found.dryRun = try reader.readJSON()
        case "measurementRetention": found.measurementRetention = try reader.readJSON()
        case "analysisRunMetadata":
            try reader.readObject { reader, name throws(JSONError) in
                switch name {
                case "labels": found.labels = try reader.readStringMap()
                case "annotations": found.annotations = try reader.readStringMap()
                default: break
                }
            }
        default: break
        }
        self = found
    }

    private static func argument(_ reader: inout JSONReader) throws(JSONError) -> Argument {
        var argument = Argument(name: "", value: .none)
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "name": argument.name = try reader.readText()
            case "value": argument.value = .literal(try reader.readText())
            case "valueFrom":
                let source = try reader.readJSON()
                if let hash = source["podTemplateHashValue"]?.stringValue { argument.value = .podTemplateHash(hash) }
                if let path = source.at("fieldRef", "fieldPath")?.stringValue { argument.value = .fieldPath(path) }
            default: break
            }
        }
        return argument
    }
}

/// `canary.analysis`: a run that goes on across steps.
package struct BackgroundAnalysis: Hashable, Sendable {
    package var reference = AnalysisReference()
    package var startingStep = 0

    init(_ reader: inout JSONReader) throws(JSONError) {
        var reference = AnalysisReference()
        var startingStep = 0
        try reader.readObject { reader, name throws(JSONError) in
            if name == "startingStep" {
                startingStep = try reader.readOptionalInt32() ?? 0
            } else {
                try reference.read(&reader, name)
            }
        }
        self.reference = reference
        self.startingStep = startingStep
    }
}
