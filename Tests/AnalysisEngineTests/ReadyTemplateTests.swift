import AnalysisEngine
import Glibc
import Manifest
import Testing

@Suite("Ready-made templates")
struct ReadyTemplateTests {
    static let folder = "\(#filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined())/analysis-templates"

    static let names: [String] = {
        guard let folder = opendir(folder) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".yaml") { names.append(name) }
        }
        return names.sorted()
    }()

    static func template(_ name: String) throws -> JSON {
        let file = try #require(fopen("\(folder)/\(name)", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return try #require(try YAML.parse(Array(bytes[..<count])).first)
    }

    @Test("they are all there") func present() { #expect(Self.names.count == 5) }

    @Test("each validates as a step, and judges good, bad and missing values", arguments: names)
    func validates(name: String) throws {
        let template = try Self.template(name)
        #expect(template["kind"] == "AnalysisTemplate")
        #expect(template.objectKey.name + ".yaml" == name)
        let spec = AnalysisTemplateSpec(template["spec"] ?? .null)
        let needed = try spec.args.filter { $0.value == nil && $0.source == nil }
        let blueprint = AnalysisRunBlueprint(
            namespace: "shop", name: "run", templates: [TemplateReference(name: "t")],
            args: needed.map { AnalysisArgument(name: $0.name, value: "http://example.org") })
        let catalog = TemplateCatalog(namespaced: { _ in spec }, clusterScoped: { _ in nil })
        try AnalysisRunBuilder.validate(blueprint, mustEnd: true, catalog: catalog)
        let owner: JSON = [
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": ["name": "web", "uid": "u"],
        ]
        let run = try AnalysisRun(try AnalysisRunBuilder.build(blueprint, owner: owner, catalog: catalog))
        let plan = try AnalysisRunPlan(run)
        let task = MeasurementTask(metric: try #require(plan.metrics.first), run: run.key)
        func phase(_ reading: MetricReading) -> AnalysisPhase {
            task.judge(reading, startedAt: Timestamp(seconds: 0), finishedAt: Timestamp(seconds: 0)).measurement.phase
        }
        if task.metric.provider == "web" {
            #expect(phase(MetricReading(json: "ok")) == .successful)
            #expect(phase(MetricReading(json: "down")) == .failed)
        } else {
            let isLatency = name.contains("latency")
            #expect(phase(MetricReading(numbers: [isLatency ? 0.1 : 1])) == .successful)
            #expect(phase(MetricReading(numbers: [isLatency ? 9_999 : 0.5])) == .failed)
            #expect(phase(MetricReading(numbers: [])) == .inconclusive)
            #expect(phase(MetricReading(numbers: [.nan])) == .inconclusive)
        }
    }
}
