package import Manifest

/// Counts and measures, and prints it all in Prometheus' text format.
///
/// Gauges about objects are not stored: a collector reads them from the caches when somebody scrapes, so that a series
/// goes when its object goes, and ten thousand objects cost nothing in between.
package final class MetricsRegistry: Sendable {
    package enum Kind: String, Sendable { case counter, gauge, histogram }

    /// Label names and values, in the order in which they are printed.
    package typealias Labels = [(String, String)]

    /// Writes one collector's samples.
    package struct Writer {
        fileprivate var families: [String: [String]] = [:]

        /// Adds a sample of a declared counter that somebody else keeps.
        package mutating func counter(_ name: String, _ labels: Labels, _ value: Double) { gauge(name, labels, value) }

        /// Adds a sample of a declared gauge.
        package mutating func gauge(_ name: String, _ labels: Labels, _ value: Double) {
            families[name, default: []].append("\(name)\(render(labels)) \(format(value))")
        }
    }

    private struct Histogram {
        var counts: [UInt64]
        var sum = 0.0
        var count: UInt64 = 0

        init(bounds: [Double]) { counts = Array(repeating: 0, count: bounds.count) }

        mutating func add(_ value: Double, _ bounds: [Double]) {
            for (index, bound) in bounds.enumerated() where value <= bound && index < counts.count {
                counts[index] &+= 1
            }
            sum += value
            count &+= 1
        }
    }

    private struct Family {
        var help: String
        var kind: Kind
        var bounds: [Double] = []
        var values: [String: Double] = [:]
        var histograms: [String: Histogram] = [:]
    }

    /// What is counted about one object.
    private struct ObjectSeries {
        /// By metric and labels.
        var counters: [String: [String: Double]] = [:]
        var histograms: [String: [String: Histogram]] = [:]
        /// When they go; `nil` while the object is there.
        var end: ContinuousClock.Instant?
    }

    /// Series of objects, apart, so that those of one object go at once however many there are.
    private let objects = Lock<[ObjectKey: ObjectSeries]>([:])
    private let families = Lock<[String: Family]>([:])
    private let collectors = Lock<[@Sendable (inout Writer) -> Void]>([])

    package init() {}

    /// Declares a metric; known label sets of counters start at zero.
    package func declare(
        _ name: String, _ kind: Kind, _ help: String, bounds: [Double] = [], startingAtZero labels: [Labels] = []
    ) {
        families.withLock { families in
            var family = Family(help: help, kind: kind, bounds: bounds.sorted())
            for set in labels { family.values[render(set)] = 0 }
            families[name] = family
        }
    }

    package func increment(_ name: String, _ labels: Labels = [], by amount: Double = 1) {
        families.withLock { $0[name]?.values[render(labels), default: 0] += amount }
    }

    /// Counts something about an object, labelled with its namespace and name, until ``forget(_:after:)``.
    package func increment(_ name: String, of object: ObjectKey, _ labels: Labels = []) {
        let text = render([("namespace", object.namespace), ("name", object.name)] + labels)
        objects.withLock { objects in
            objects[object, default: ObjectSeries()].counters[name, default: [:]][text, default: 0] += 1
        }
    }

    /// Measures something about an object, labelled with its namespace and name, until ``forget(_:after:)``.
    package func observe(_ name: String, of object: ObjectKey, _ value: Double) {
        guard let bounds = families.withLock({ $0[name]?.bounds }) else { return }
        let text = render([("namespace", object.namespace), ("name", object.name)])
        objects.withLock { objects in
            objects[object, default: ObjectSeries()].histograms[name, default: [:]][
                text, default: Histogram(bounds: bounds)
            ].add(value, bounds)
        }
    }

    /// Drops what was counted about an object that is gone: late enough that a last scrape sees it.
    package func forget(_ object: ObjectKey, after delay: Duration = .zero) {
        objects.withLock { objects in
            // Also of one about which nothing was counted: that it is gone may be counted yet.
            if delay == .zero {
                objects[object] = nil
            } else {
                objects[object, default: ObjectSeries()].end = .now + delay
            }
        }
    }

    /// Keeps what is counted about an object that is there, also where one of its name went a moment ago.
    package func remember(_ object: ObjectKey) { objects.withLock { $0[object]?.end = nil } }

    package func set(_ name: String, _ labels: Labels = [], _ value: Double) {
        families.withLock { $0[name]?.values[render(labels)] = value }
    }

    package func observe(_ name: String, _ labels: Labels = [], _ value: Double) {
        families.withLock { families in
            guard let bounds = families[name]?.bounds else { return }
            families[name]?.histograms[render(labels), default: Histogram(bounds: bounds)].add(value, bounds)
        }
    }

    /// Adds samples that are read when somebody scrapes.
    package func collect(_ collector: @escaping @Sendable (inout Writer) -> Void) {
        collectors.withLock { $0.append(collector) }
    }

    /// Everything, in Prometheus' text format, sorted by name.
    package func text() -> String {
        var writer = Writer()
        for collector in collectors.withLock({ $0 }) { collector(&writer) }
        var families = families.withLock { $0 }
        let series = objects.withLock { objects in
            objects = objects.filter { $0.value.end.map { $0 > .now } ?? true }
            return objects
        }
        for object in series.values {
            for (name, values) in object.counters { families[name]?.values.merge(values) { $1 } }
            for (name, values) in object.histograms { families[name]?.histograms.merge(values) { $1 } }
        }
        var text = ""
        for name in families.keys.sorted() {
            guard let family = families[name] else { continue }
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind.rawValue)\n"
            for line in writer.families[name] ?? [] { text += line + "\n" }
            for (labels, value) in family.values.sorted(by: { $0.key < $1.key }) {
                text += "\(name)\(labels) \(format(value))\n"
            }
            for (labels, histogram) in family.histograms.sorted(by: { $0.key < $1.key }) {
                for (bound, count) in zip(family.bounds, histogram.counts) {
                    text += "\(name)_bucket\(adding(labels, "le", format(bound))) \(count)\n"
                }
                text += "\(name)_bucket\(adding(labels, "le", "+Inf")) \(histogram.count)\n"
                text += "\(name)_sum\(labels) \(format(histogram.sum))\n\(name)_count\(labels) \(histogram.count)\n"
            }
        }
        return text
    }

    private func adding(_ labels: String, _ name: String, _ value: String) -> String {
        labels.isEmpty ? "{\(name)=\"\(value)\"}" : "\(labels.dropLast()),\(name)=\"\(value)\"}"
    }
}

private func render(_ labels: MetricsRegistry.Labels) -> String {
    labels.isEmpty ? "" : "{" + labels.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",") + "}"
}

private func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C || $0 == 0x0A }) else { return value }
    var text = ""
    for character in value {
        switch character {
        case "\"": text += "\\\""
        case "\\": text += "\\\\"
        case "\n": text += "\\n"
        default: text.append(character)
        }
    }
    return text
}

private func format(_ value: Double) -> String { GoFloat.general(value) }
