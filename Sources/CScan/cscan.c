#include "cscan.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The bytes that a backslash before them escapes; `is_escaped` is carried from block to block.
static inline uint64_t escaped(uint64_t backslashes, uint64_t *is_escaped) {
    const uint64_t odd = 0xAAAAAAAAAAAAAAAAu;
    uint64_t starts = backslashes & ~*is_escaped;
    // A borrow runs through each series of backslashes, which tells the parity of its length.
    uint64_t series = ((starts << 1 | odd) - starts) ^ odd;
    uint64_t result = series ^ (backslashes | *is_escaped);
    *is_escaped = (series & backslashes) >> 63;
    return result;
}

// From each odd bit up to the next even one.
static inline uint64_t spread(uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
}

#define SCAN(classify, spread) \
    cscan_state now = *state; \
    size_t index = 0; \
    for (; length - index >= 64; index += 64) { \
        cscan_masks masks = classify(text + index); \
        uint64_t quotes = masks.quotes, is_escaped = now.is_escaped; \
        if (masks.backslashes | is_escaped) quotes &= ~escaped(masks.backslashes, &is_escaped); \
        uint64_t inside = spread(quotes) ^ now.in_string; \
        int64_t closing = __builtin_popcountll(masks.closes & ~inside); \
        int64_t deepest = now.nesting + __builtin_popcountll(masks.opens & ~inside); \
        if (closing >= now.nesting || deepest > now.limit) break; \
        now.nesting = deepest - closing; \
        now.in_string = 0 - (inside >> 63); \
        now.is_escaped = is_escaped; \
    } \
    *state = now; \
    return index;

size_t cscan_blocks_narrow(cscan_state *state, const uint8_t *text, size_t length) {
    SCAN(cscan_classify, spread)
}

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2,pclmul,popcnt,bmi")))

WIDE static inline uint64_t wide_bits(__m256i low, __m256i high, char byte) {
    __m256i wanted = _mm256_set1_epi8(byte);
    uint64_t first = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    uint64_t second = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return first | second << 32;
}

WIDE static inline cscan_masks wide_classify(const uint8_t *text) {
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)text);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(text + 32));
    __m256i bit = _mm256_set1_epi8(0x20);
    __m256i folded_low = _mm256_or_si256(low, bit), folded_high = _mm256_or_si256(high, bit);
    cscan_masks masks = {
        wide_bits(low, high, 0x22), wide_bits(low, high, 0x5C),
        wide_bits(folded_low, folded_high, 0x7B), wide_bits(folded_low, folded_high, 0x7D)};
    return masks;
}

WIDE static inline uint64_t wide_spread(uint64_t bits) {
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8(-1), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

WIDE static size_t wide_scan(cscan_state *state, const uint8_t *text, size_t length) {
    SCAN(wide_classify, wide_spread)
}
#endif

size_t cscan_blocks(cscan_state *state, const uint8_t *text, size_t length) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi"))
        return wide_scan(state, text, length);
#endif
    return cscan_blocks_narrow(state, text, length);
}
