// Stands in for swift-crypto, which nobody who fuzzes templates should have to resolve and instrument: the three digests
// that templates call have the right length and nothing else.

public enum Insecure {
    public enum SHA1 {
        public static func hash(data: [UInt8]) -> [UInt8] { folded(data, 20) }
    }
}

public enum SHA256 {
    public static func hash(data: [UInt8]) -> [UInt8] { folded(data, 32) }
}

public enum SHA512 {
    public static func hash(data: [UInt8]) -> [UInt8] { folded(data, 64) }
}

private func folded(_ data: [UInt8], _ count: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    for (index, byte) in data.enumerated() { result[index % count] ^= byte }
    return result
}
