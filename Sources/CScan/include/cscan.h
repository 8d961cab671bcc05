#pragma once
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// What Swift has no words for: one bit for each byte of a vector.

typedef struct {
    uint64_t quotes, backslashes, opens, closes;
} cscan_masks;

typedef struct {
    int64_t nesting; // brackets that are open
    int64_t limit; // how many may be
    uint64_t in_string; // 0, or all bits
    uint64_t is_escaped; // 0 or 1: whether the next byte is
} cscan_state;

typedef uint8_t cscan_bytes __attribute__((vector_size(16)));

static inline uint64_t cscan_bits(cscan_bytes set) {
#if defined(__SSE2__)
    return (uint64_t)(uint32_t)_mm_movemask_epi8((__m128i)set);
#else
    const cscan_bytes weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    cscan_bytes lanes = set & weights;
    uint64_t halves[2];
    __builtin_memcpy(halves, &lanes, sizeof halves);
    const uint64_t ones = 0x0101010101010101u;
    return (halves[0] * ones) >> 56 | ((halves[1] * ones) >> 56) << 8;
#endif
}

// Of 64 bytes; square and curly brackets count alike.
static inline cscan_masks cscan_classify(const uint8_t *text) {
    cscan_masks masks = {0, 0, 0, 0};
    for (int part = 0; part < 64; part += 16) {
        cscan_bytes value;
        __builtin_memcpy(&value, text + part, sizeof value);
        cscan_bytes folded = value | 0x20; // one bit tells square from curly brackets
        masks.quotes |= cscan_bits((cscan_bytes)(value == 0x22)) << part;
        masks.backslashes |= cscan_bits((cscan_bytes)(value == 0x5C)) << part;
        masks.opens |= cscan_bits((cscan_bytes)(folded == 0x7B)) << part;
        masks.closes |= cscan_bits((cscan_bytes)(folded == 0x7D)) << part;
    }
    return masks;
}

// Of 16 bytes: a bit for each that ends a plain run of a string: a quote, a backslash or a control character.
static inline uint32_t cscan_text_ends(const uint8_t *text) {
    cscan_bytes value;
    __builtin_memcpy(&value, text, sizeof value);
    cscan_bytes ends =
        (cscan_bytes)(value == 0x22) | (cscan_bytes)(value == 0x5C) | (cscan_bytes)(value < 0x20);
    return (uint32_t)cscan_bits(ends);
}

// Goes over blocks of 64 bytes up to the first in which the container may end or become too deep, and gives the bytes
// that it went over; the state is that before them, then that behind them.
size_t cscan_blocks(cscan_state *state, const uint8_t *text, size_t length);

// The same on processors without wide vectors.
size_t cscan_blocks_narrow(cscan_state *state, const uint8_t *text, size_t length);

// Lets all threads take memory from one heap, and gives back what a burst took: left alone, the thresholds grow with the
// largest block that was ever freed.
static inline void cscan_prepare_heap(void) {
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
}
