import CScan

/// How a process that keeps caches takes memory.
package enum CacheMemory {
    /// Lets all threads share one heap, which gives back what a burst took; call it before any other starts.
    ///
    /// glibc gives threads heaps of their own, which it grows page by page with a call of the kernel for each, and whose
    /// free memory others cannot use.
    package static func prepare() { cscan_prepare_heap() }
}
