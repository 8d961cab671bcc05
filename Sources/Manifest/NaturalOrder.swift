/// Orders keys as people read them: `a2` before `a10`, other characters before letters.
///
/// The order of the YAML that Kustomize writes; equal only for equal strings.
package func naturalOrder(_ left: String, _ right: String) -> Bool {
    let a = Array(left.unicodeScalars)
    let b = Array(right.unicodeScalars)
    guard let index = zip(a, b).enumerated().first(where: { $1.0 != $1.1 })?.offset else { return a.count < b.count }
    let (x, y) = (a[index], b[index])
    switch (x.isLetter, y.isLetter) {
    case (true, true): return x < y
    case (true, false): return false
    case (false, true): return true
    case (false, false): break
    }
    // A zero that differs behind other digits is part of a number, so both runs count from one before it.
    var start: Int64 = 0
    if x == "0" || y == "0" {
        for scalar in a[..<index].reversed() {
            guard scalar.isDecimalDigit else { break }
            if scalar != "0" {
                start = 1
                break
            }
        }
    }
    let (aNumber, aLength) = number(a[index...], from: start)
    let (bNumber, bLength) = number(b[index...], from: start)
    if aNumber != bNumber { return aNumber < bNumber }
    if aLength != bLength { return aLength < bLength }
    return x < y
}

private func number(_ scalars: ArraySlice<Unicode.Scalar>, from start: Int64) -> (value: Int64, length: Int) {
    let digits = scalars.prefix(while: \.isDecimalDigit)
    // Wraps on absurd lengths, as the original does; the order stays a fixed function of the keys.
    return (digits.reduce(start) { $0 &* 10 &+ (Int64($1.value) &- 48) }, digits.count)
}

extension Unicode.Scalar {
    fileprivate var isDecimalDigit: Bool {
        isASCII ? (48...57).contains(value) : properties.generalCategory == .decimalNumber
    }

    fileprivate var isLetter: Bool {
        if isASCII { return (65...90).contains(value) || (97...122).contains(value) }
        return switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
}
