import Manifest

/// A moment's parts on the calendar, in UTC.
struct CivilTime {
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    let year: Int64
    /// 1 to 12.
    let month: Int64
    let day: Int64
    let hour: Int64
    let minute: Int64
    let second: Int64
    let nanosecond: Int64
    /// 0 is Sunday.
    let weekday: Int64
    /// From 1.
    let yearDay: Int64

    init(_ time: Timestamp) {
        // Years 0 to 9999: what Kubernetes can write.
        let seconds = min(max(time.seconds, -62_167_219_200), 253_402_300_799)
        let second = CivilTime.remainder(seconds, 86_400)
        let days = (seconds - second) / 86_400
        // Howard Hinnant's calendar arithmetic: years begin in March, eras are 400 years.
        let shifted = days + 719_468
        let dayOfEra = CivilTime.remainder(shifted, 146_097)
        let era = (shifted - dayOfEra) / 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        month = part < 10 ? part + 3 : part - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        day = dayOfYear - (153 * part + 2) / 5 + 1
        hour = second / 3_600
        minute = second / 60 % 60
        self.second = second % 60
        nanosecond = Int64(time.nanoseconds)
        weekday = CivilTime.remainder(days + 4, 7)
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        yearDay = month > 2 ? dayOfYear + (isLeap ? 61 : 60) : dayOfYear - 305
    }

    var monthName: String { CivilTime.months[Int(month - 1)] }
    var weekdayName: String { CivilTime.weekdays[Int(weekday)] }

    /// The same time of day on another day; the 31st of a shorter month runs over into the next.
    static func adding(years: Int64, months: Int64, days: Int64, to time: Timestamp) -> Timestamp {
        let civil = CivilTime(time)
        let months = civil.month - 1 + months
        let month = remainder(months, 12)
        // Years begin in March, eras are 400 years.
        let year = civil.year + years + (months - month) / 12 - (month < 2 ? 1 : 0)
        let yearOfEra = remainder(year, 400)
        let dayOfYear = (153 * (month < 2 ? month + 10 : month - 2) + 2) / 5 + civil.day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let day = (year - yearOfEra) / 400 * 146_097 + dayOfEra - 719_468 + days
        let second = civil.hour * 3_600 + civil.minute * 60 + civil.second
        return Timestamp(seconds: day * 86_400 + second, nanoseconds: Int32(civil.nanosecond))
    }

    /// The rest of a division that rounds down; never negative.
    static func remainder(_ value: Int64, _ divisor: Int64) -> Int64 {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
