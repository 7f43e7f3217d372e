/*
 * test_hist.c - the histogram against its promises and a known implementation.
 * Layer: tests. Source of fixtures/hist/: npm hdr-histogram-js 3.0.1, fed the
 * numbers of fill_as_fixture, with two and with three significant digits from
 * 1 to 3,600,000,000.
 */
#include "base/base64.h"
#include "base/hist.h"
#include "base/rng.h"
#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_hist(void);

#define TEXT_BYTES  4096
#define VALUES      20000
#define SHARDS      4
#define HOUR_US     INT64_C(3600000000)
#define ONE_PERCENT 100 /* a hundredth of the value */

static struct syn_hist hist; /* large: kept off the stack of a test */
static struct syn_hist other;
static struct syn_hist parts[SHARDS];

/* The generator that made the fixtures, number by number. */
static void fill_as_fixture(struct syn_hist *to)
{
    uint64_t x = 1;
    syn_hist_init(to);
    for (int i = 0; i < 1000; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bits = x >> 59;
        syn_hist_record(
            to, (int64_t)(((x >> 20) & UINT64_C(0xffffffff)) % (1ull << bits)));
    }
    syn_hist_record_many(to, 1000, 300);
    syn_hist_record(to, 0);
    syn_hist_record(to, HOUR_US);
}

static struct syn_str read_fixture(const char *name, char text[TEXT_BYTES])
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/fixtures/hist/%s", SYN_SOURCE_DIR,
                   name);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t bytes = fread(text, 1, TEXT_BYTES, file);
    (void)fclose(file);
    ck_assert_uint_lt(bytes, TEXT_BYTES);
    return (struct syn_str){text, bytes};
}

/* Extremes and clamped values, too, of one that is empty and of a full one. */
START_TEST(packed_histogram_is_small_and_comes_back_exactly)
{
    struct syn_buf form;
    syn_buf_init(&form, NULL, SYN_HIST_FORM_BYTES_MAX);
    syn_hist_init(&hist);
    for (int turn = 0; turn < 3; turn++) {
        syn_buf_clear(&form);
        ck_assert_int_eq(syn_hist_pack(&form, &hist), SYN_OK);
        ck_assert_uint_le(form.bytes, (size_t)1 << (5 + 4 * turn));
        syn_hist_record(&other, 7); /* what was there before goes */
        syn_hist_unpack(&other, syn_buf_str(&form));
        ck_assert(syn_hist_is_equal(&hist, &other));
        if (turn == 0) { /* one second of a load, one value of it clamped */
            for (int64_t us = 300; us < 450; us++) {
                syn_hist_record_many(&hist, us, (uint64_t)us);
            }
            syn_hist_record(&hist, HOUR_US + 1);
        } else {
            fill_as_fixture(&hist);
        }
    }
    syn_buf_fini(&form);
}
END_TEST

START_TEST(every_value_is_within_one_percent_up_to_an_hour)
{
    struct syn_rng rng;
    syn_rng_init(&rng, 7, 0);
    for (int i = 0; i < VALUES; i++) {
        int64_t range = INT64_C(1) << (i % 32);
        int64_t value = (int64_t)syn_rng_below(&rng, (uint64_t)range + 1);
        value = value > HOUR_US ? HOUR_US : value;
        unsigned cell = syn_hist_cell(value);
        int64_t low = syn_hist_cell_low_us(cell);
        int64_t high = syn_hist_cell_high_us(cell);
        ck_assert(low <= value && value <= high);
        ck_assert_int_le((high - low) * ONE_PERCENT, value);
    }
}
END_TEST

START_TEST(cells_follow_each_other_without_hole)
{
    for (unsigned i = 1; i < SYN_HIST_CELLS; i++) {
        ck_assert_int_eq(syn_hist_cell_low_us(i),
                         syn_hist_cell_high_us(i - 1) + 1);
    }
    ck_assert_uint_eq(syn_hist_cell(0), 0);
    ck_assert_uint_eq(syn_hist_cell(1000), 506); /* as the comment counts */
    ck_assert_int_ge(syn_hist_cell_high_us(SYN_HIST_CELLS - 1), HOUR_US);
}
END_TEST

START_TEST(percentiles_are_those_of_the_sorted_values)
{
    syn_hist_init(&hist);
    ck_assert_int_eq(syn_hist_percentile(&hist, 99), 0);
    for (int64_t i = 1; i <= 1000; i++) {
        syn_hist_record(&hist, i * 1000);
    }
    static const double percents[] = {1, 10, 50, 90, 99, 99.9};
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        int64_t exact = (int64_t)(percents[i] * 10 * 1000);
        int64_t got = syn_hist_percentile(&hist, percents[i]);
        ck_assert_int_ge(got, exact);
        ck_assert_int_le((got - exact) * ONE_PERCENT, exact);
    }
    ck_assert_int_eq(syn_hist_percentile(&hist, 100), 1000000);
    ck_assert_int_eq(syn_hist_percentile(&hist, 0),
                     syn_hist_cell_high_us(syn_hist_cell(1000)));
}
END_TEST

START_TEST(values_out_of_range_are_clamped_and_counted)
{
    syn_hist_init(&hist);
    syn_hist_record(&hist, -5);
    syn_hist_record(&hist, HOUR_US + 1);
    syn_hist_record(&hist, HOUR_US);
    ck_assert_uint_eq(hist.count, 3);
    ck_assert_uint_eq(hist.clamped, 2);
    ck_assert_int_eq(hist.min_us, 0);
    ck_assert_int_eq(hist.max_us, HOUR_US);
}
END_TEST

START_TEST(four_parts_joined_equal_the_whole)
{
    struct syn_rng rng;
    syn_rng_init(&rng, 11, 0);
    syn_hist_init(&hist);
    syn_hist_init(&other);
    for (unsigned s = 0; s < SHARDS; s++) {
        syn_hist_init(&parts[s]);
    }
    for (int i = 0; i < VALUES; i++) {
        int64_t value = (int64_t)syn_rng_below(&rng, 1u << (i % 31));
        syn_hist_record(&hist, value);
        syn_hist_record(&parts[i % SHARDS], value);
    }
    for (unsigned s = 0; s < SHARDS; s++) {
        ck_assert(!syn_hist_is_equal(&hist, &other));
        syn_hist_add(&other, &parts[SHARDS - 1 - s]);
    }
    ck_assert(syn_hist_is_equal(&hist, &other));
    syn_hist_init(&parts[0]); /* an empty part changes nothing */
    syn_hist_add(&other, &parts[0]);
    ck_assert(syn_hist_is_equal(&hist, &other));
}
END_TEST

START_TEST(what_is_encoded_reads_back_cell_by_cell)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_HIST_FORM_BYTES_MAX);
    for (int i = 0; i < 3; i++) {
        fill_as_fixture(&hist);
        if (i == 1) {
            syn_hist_init(&hist); /* nothing at all */
        } else if (i == 2) {      /* counts of nine bytes, the last cell */
            syn_hist_record_many(&hist, 1, UINT64_C(1) << 62);
        }
        syn_buf_clear(&text);
        ck_assert_int_eq(syn_hist_encode(&text, &hist), SYN_OK);
        ck_assert_mem_eq(text.at, "HISTFAAA", 8);
        memset(&other, 0x55, sizeof other);
        ck_assert_int_eq(syn_hist_decode(&other, syn_buf_str(&text)), SYN_OK);
        ck_assert_mem_eq(hist.counts, other.counts, sizeof hist.counts);
        ck_assert_uint_eq(hist.count, other.count);
    }
    syn_buf_fini(&text);
}
END_TEST

START_TEST(vector_of_a_known_implementation_equals_ours)
{
    static const struct {
        double percent;
        int64_t value;
    } rows[] = {{0, 0},
                {50, 1003},
                {90, 76021759},
                {99, 1174405119},
                {99.9, 2055208959}};
    char text[TEXT_BYTES];
    fill_as_fixture(&hist);
    ck_assert_int_eq(
        syn_hist_decode(&other, read_fixture("digits-2.txt", text)), SYN_OK);
    ck_assert_mem_eq(hist.counts, other.counts, sizeof hist.counts);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(syn_hist_percentile(&hist, rows[i].percent),
                         rows[i].value);
    }
}
END_TEST

START_TEST(vector_of_finer_cells_falls_into_ours)
{
    char text[TEXT_BYTES];
    fill_as_fixture(&hist);
    ck_assert_int_eq(
        syn_hist_decode(&other, read_fixture("digits-3.txt", text)), SYN_OK);
    ck_assert_uint_eq(other.count, hist.count);
    ck_assert_mem_eq(hist.counts, other.counts, sizeof hist.counts);
}
END_TEST

/* Each is a whole form with one thing wrong; the histogram stays as it was. */
static void refuse(struct syn_str text)
{
    fill_as_fixture(&hist);
    other = hist;
    ck_assert_int_ne(syn_hist_decode(&hist, text), SYN_OK);
    ck_assert(syn_hist_is_equal(&hist, &other));
}

START_TEST(spoilt_forms_are_refused_and_change_nothing)
{
    char text[TEXT_BYTES];
    struct syn_str good = read_fixture("digits-2.txt", text);
    struct syn_buf raw;
    struct syn_buf again;
    refuse(SYN_STR(""));
    refuse(SYN_STR("HISTFAAA"));
    refuse(SYN_STR("not base64!"));
    refuse(syn_str_part(good, 0, good.bytes - 8));
    syn_buf_init(&raw, NULL, TEXT_BYTES);
    syn_buf_init(&again, NULL, TEXT_BYTES);
    ck_assert_int_eq(syn_base64_decode(&raw, SYN_BASE64, good), SYN_OK);
    for (size_t i = 0; i < raw.bytes; i += 5) {
        raw.at[i] = (char)(raw.at[i] ^ 0x41);
        syn_buf_clear(&again);
        syn_base64_put(&again, SYN_BASE64, syn_buf_str(&raw));
        refuse(syn_buf_str(&again)); /* cookie, length, or zlib's checksum */
        raw.at[i] = (char)(raw.at[i] ^ 0x41);
    }
    syn_buf_fini(&raw);
    syn_buf_fini(&again);
}
END_TEST

Suite *suite_hist(void)
{
    Suite *suite = suite_create("hist");
    TCase *cells = tcase_create("cells");
    tcase_add_test(cells, every_value_is_within_one_percent_up_to_an_hour);
    tcase_add_test(cells, packed_histogram_is_small_and_comes_back_exactly);
    tcase_add_test(cells, cells_follow_each_other_without_hole);
    tcase_add_test(cells, percentiles_are_those_of_the_sorted_values);
    tcase_add_test(cells, values_out_of_range_are_clamped_and_counted);
    tcase_add_test(cells, four_parts_joined_equal_the_whole);
    suite_add_tcase(suite, cells);
    TCase *form = tcase_create("form");
    tcase_add_test(form, what_is_encoded_reads_back_cell_by_cell);
    tcase_add_test(form, vector_of_a_known_implementation_equals_ours);
    tcase_add_test(form, vector_of_finer_cells_falls_into_ours);
    tcase_add_test(form, spoilt_forms_are_refused_and_change_nothing);
    suite_add_tcase(suite, form);
    return suite;
}
