/*
 * test_crypto.c - published vectors for hash, HMAC, AES-GCM and base64.
 * Layer: tests. Source: FIPS 180-4 ("abc"), RFC 2202 and RFC 4231 (HMAC), the
 * GCM submission to NIST (test cases 13, 14, 16), RFC 4648 section 10.
 */
#include "base/base64.h"
#include "base/crypto.h"

#include <check.h>
#include <string.h>

Suite *suite_crypto(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define ROOM         256

/* Hex text to bytes; the tables here are well-formed. */
static struct syn_str unhex(const char *hex, unsigned char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t bytes = strlen(hex) / 2;
    ck_assert_uint_le(bytes, ROOM);
    for (size_t i = 0; i < bytes; i++) {
        size_t high = (size_t)(strchr(digits, hex[2 * i]) - digits);
        size_t low = (size_t)(strchr(digits, hex[2 * i + 1]) - digits);
        out[i] = (unsigned char)(high << 4 | low);
    }
    return (struct syn_str){(const char *)out, bytes};
}

static void expect_hex(const unsigned char *bytes, size_t count,
                       const char *hex)
{
    char text[2 * ROOM + 1];
    ck_assert_uint_le(count, ROOM);
    syn_crypto_hex(bytes, count, text);
    ck_assert_str_eq(text, hex);
}

/* --- hash and HMAC -------------------------------------------------------- */

static const struct {
    enum syn_digest digest;
    size_t bytes;
    const char *abc;
} digest_rows[] = {
    {SYN_SHA1, 20, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {SYN_SHA256, 32,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {SYN_SHA384, 48,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {SYN_SHA512, 64,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

START_TEST(digest_matches_vector)
{
    unsigned char out[SYN_DIGEST_BYTES_MAX];
    ck_assert_uint_eq(syn_digest_bytes(digest_rows[_i].digest),
                      digest_rows[_i].bytes);
    ck_assert_int_eq(syn_digest_of(digest_rows[_i].digest, SYN_STR("abc"), out),
                     SYN_OK);
    expect_hex(out, digest_rows[_i].bytes, digest_rows[_i].abc);
}
END_TEST

START_TEST(digest_of_nothing_is_defined)
{
    unsigned char out[SYN_DIGEST_BYTES_MAX];
    ck_assert_int_eq(syn_digest_of(SYN_SHA256, syn_str_of(NULL), out), SYN_OK);
    expect_hex(
        out, 32,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

#define KEY_20 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define JEFE   "4a656665"
#define WANT   "what do ya want for nothing?"
#define LARGE  "Test Using Larger Than Block-Size Key - Hash Key First"

static const struct {
    enum syn_digest digest;
    const char *key; /* hex; NULL: 131 bytes of 0xaa */
    const char *text;
    const char *mac;
} hmac_rows[] = {
    {SYN_SHA1, KEY_20, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
    {SYN_SHA1, JEFE, WANT, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {SYN_SHA1, "", "", "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"},
    {SYN_SHA256, KEY_20, "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {SYN_SHA256, JEFE, WANT,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {SYN_SHA256, NULL, LARGE,
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {SYN_SHA384, KEY_20, "Hi There",
     "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
     "faea9ea9076ede7f4af152e8b2fa9cb6"},
    {SYN_SHA384, JEFE, WANT,
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
     "8e2240ca5e69e2c78b3239ecfab21649"},
    {SYN_SHA384, NULL, LARGE,
     "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
     "0c2ef6ab4030fe8296248df163f44952"},
    {SYN_SHA512, KEY_20, "Hi There",
     "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
     "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
    {SYN_SHA512, JEFE, WANT,
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    {SYN_SHA512, NULL, LARGE,
     "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
     "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
};

START_TEST(hmac_matches_vector_each_time)
{
    unsigned char key[ROOM];
    unsigned char out[SYN_DIGEST_BYTES_MAX];
    struct syn_hmac *hmac = NULL;
    struct syn_str key_str = {(const char *)key, 131};
    memset(key, 0xaa, sizeof key);
    if (hmac_rows[_i].key != NULL) {
        key_str = unhex(hmac_rows[_i].key, key);
    }
    ck_assert_int_eq(syn_hmac_new(hmac_rows[_i].digest, key_str, &hmac),
                     SYN_OK);
    memset(key, 0, sizeof key); /* it must have been copied */
    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(syn_hmac_of(hmac, SYN_STR("something else"), out),
                         SYN_OK);
        ck_assert_int_eq(syn_hmac_of(hmac, syn_str_of(hmac_rows[_i].text), out),
                         SYN_OK);
        expect_hex(out, syn_digest_bytes(hmac_rows[_i].digest),
                   hmac_rows[_i].mac);
    }
    syn_hmac_free(hmac);
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
    syn_hmac_free(NULL);
}
END_TEST

/* --- secrets -------------------------------------------------------------- */

START_TEST(equality_sees_each_bit)
{
    char a[32], b[32];
    struct syn_str left = {a, sizeof a};
    struct syn_str right = {b, sizeof b};
    memset(a, 'x', sizeof a);
    memset(b, 'x', sizeof b);
    ck_assert(syn_crypto_is_equal(left, right));
    for (size_t i = 0; i < sizeof b; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b[i] = (char)(b[i] ^ 1 << bit);
            ck_assert(!syn_crypto_is_equal(left, right));
            b[i] = (char)(b[i] ^ 1 << bit);
        }
    }
    right.bytes--;
    ck_assert(!syn_crypto_is_equal(left, right));
    ck_assert(syn_crypto_is_equal(syn_str_of(NULL), syn_str_of("")));
}
END_TEST

START_TEST(random_bytes_differ_and_wipe_clears)
{
    unsigned char a[32] = {0}, b[32] = {0}, zero[32] = {0};
    ck_assert_int_eq(syn_crypto_random(a, sizeof a), SYN_OK);
    ck_assert_int_eq(syn_crypto_random(b, sizeof b), SYN_OK);
    ck_assert_mem_ne(a, b, sizeof a);
    ck_assert_mem_ne(a, zero, sizeof a);
    ck_assert_int_eq(syn_crypto_random(a, 0), SYN_OK);
    ck_assert_int_eq(syn_crypto_random(a, SIZE_MAX), SYN_ERR_CRYPTO);
    syn_crypto_wipe(a, sizeof a);
    ck_assert_mem_eq(a, zero, sizeof a);
}
END_TEST

START_TEST(fingerprint_is_eight_digits_of_the_hash)
{
    char out[SYN_FINGERPRINT_BYTES];
    syn_crypto_fingerprint(SYN_STR("abc"), out);
    ck_assert_str_eq(out, "ba7816bf");
}
END_TEST

/* --- AES-256-GCM ---------------------------------------------------------- */

#define ZERO_16 "00000000000000000000000000000000"

static const struct {
    const char *key, *nonce, *associated, *text, *sealed;
} gcm_rows[] = {
    {ZERO_16 ZERO_16, "000000000000000000000000", "", "",
     "530f8afbc74536b9a963b4f1c4cb738b"},
    {ZERO_16 ZERO_16, "000000000000000000000000", "", ZERO_16,
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

struct gcm {
    unsigned char key[ROOM], nonce[ROOM], associated[ROOM], text[ROOM];
    struct syn_str associated_str, text_str;
    unsigned char sealed[ROOM], opened[ROOM];
};

static void load_gcm(struct gcm *g, int row)
{
    memset(g, 0, sizeof *g);
    unhex(gcm_rows[row].key, g->key);
    unhex(gcm_rows[row].nonce, g->nonce);
    g->associated_str = unhex(gcm_rows[row].associated, g->associated);
    g->text_str = unhex(gcm_rows[row].text, g->text);
}

START_TEST(seal_matches_vector_and_opens_again)
{
    struct gcm g;
    load_gcm(&g, _i);
    ck_assert_int_eq(
        syn_aead_seal(g.key, g.nonce, g.associated_str, g.text_str, g.sealed),
        SYN_OK);
    size_t bytes = g.text_str.bytes + SYN_AEAD_TAG_BYTES;
    expect_hex(g.sealed, bytes, gcm_rows[_i].sealed);
    ck_assert_int_eq(syn_aead_open(g.key, g.nonce, g.associated_str,
                                   (struct syn_str){(char *)g.sealed, bytes},
                                   g.opened),
                     SYN_OK);
    ck_assert_mem_eq(g.opened, g.text, g.text_str.bytes);
}
END_TEST

START_TEST(each_changed_bit_is_refused)
{
    struct gcm g;
    load_gcm(&g, 2);
    ck_assert_int_eq(
        syn_aead_seal(g.key, g.nonce, g.associated_str, g.text_str, g.sealed),
        SYN_OK);
    size_t bytes = g.text_str.bytes + SYN_AEAD_TAG_BYTES;
    struct syn_str sealed = {(char *)g.sealed, bytes};
    for (size_t i = 0; i < bytes; i++) {
        g.sealed[i] ^= 1;
        memset(g.opened, 'x', sizeof g.opened);
        ck_assert_int_eq(
            syn_aead_open(g.key, g.nonce, g.associated_str, sealed, g.opened),
            SYN_ERR_CRYPTO);
        ck_assert_int_eq(g.opened[0], 0); /* nothing leaks out */
        g.sealed[i] ^= 1;
    }
    g.associated[0] ^= 1;
    ck_assert_int_eq(
        syn_aead_open(g.key, g.nonce, g.associated_str, sealed, g.opened),
        SYN_ERR_CRYPTO);
    g.associated[0] ^= 1;
    g.nonce[0] ^= 1;
    ck_assert_int_eq(
        syn_aead_open(g.key, g.nonce, g.associated_str, sealed, g.opened),
        SYN_ERR_CRYPTO);
    g.nonce[0] ^= 1;
    for (size_t cut = 0; cut < bytes; cut++) {
        ck_assert_int_eq(syn_aead_open(g.key, g.nonce, g.associated_str,
                                       syn_str_part(sealed, 0, cut), g.opened),
                         SYN_ERR_CRYPTO);
    }
}
END_TEST

/* --- base64 --------------------------------------------------------------- */

static const struct {
    struct syn_str bytes;
    const char *padded;
    const char *url;
} base64_rows[] = {
    {{"", 0}, "", ""},
    {{"f", 1}, "Zg==", "Zg"},
    {{"fo", 2}, "Zm8=", "Zm8"},
    {{"foo", 3}, "Zm9v", "Zm9v"},
    {{"foob", 4}, "Zm9vYg==", "Zm9vYg"},
    {{"fooba", 5}, "Zm9vYmE=", "Zm9vYmE"},
    {{"foobar", 6}, "Zm9vYmFy", "Zm9vYmFy"},
    {{"\xfb\xff\xfe", 3}, "+//+", "-__-"},
    {{"\0\0\0\0", 4}, "AAAAAA==", "AAAAAA"},
};

static void expect_base64(enum syn_base64_alphabet alphabet,
                          struct syn_str bytes, const char *text)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, ROOM);
    syn_base64_put(&buf, alphabet, bytes);
    ck_assert_int_eq(buf.status, SYN_OK);
    ck_assert(syn_str_is(syn_buf_str(&buf), text));
    syn_buf_clear(&buf);
    ck_assert_int_eq(syn_base64_decode(&buf, alphabet, syn_str_of(text)),
                     SYN_OK);
    ck_assert(syn_str_is_equal(syn_buf_str(&buf), bytes));
    syn_buf_fini(&buf);
}

START_TEST(base64_matches_vector_both_ways)
{
    expect_base64(SYN_BASE64, base64_rows[_i].bytes, base64_rows[_i].padded);
    expect_base64(SYN_BASE64URL, base64_rows[_i].bytes, base64_rows[_i].url);
}
END_TEST

static const struct {
    enum syn_base64_alphabet alphabet;
    const char *text;
} base64_bad[] = {
    {SYN_BASE64, "Zg"},    /* padding absent */
    {SYN_BASE64, "Zg="},   /* half of it */
    {SYN_BASE64, "Zg==="}, /* too much */
    {SYN_BASE64, "Z==="},  /* no byte in it */
    {SYN_BASE64, "===="},     {SYN_BASE64, "="},
    {SYN_BASE64, "Z"},        {SYN_BASE64, "Zh=="}, /* left-over bits */
    {SYN_BASE64, "Zm9="},                           /* left-over bits */
    {SYN_BASE64, "Zg==Zg=="},                       /* padding inside */
    {SYN_BASE64, "Z=g="},     {SYN_BASE64, "Zm9v\n"},
    {SYN_BASE64, " Zm9v"},    {SYN_BASE64, "Zm 9v"},
    {SYN_BASE64, "-__-"},                              /* the other alphabet */
    {SYN_BASE64, "Zm9\xc3"},  {SYN_BASE64URL, "Zg=="}, /* padding */
    {SYN_BASE64URL, "Zm8="},  {SYN_BASE64URL, "Zh"},   /* left-over bits */
    {SYN_BASE64URL, "Zm9"},                            /* left-over bits */
    {SYN_BASE64URL, "Z"},     {SYN_BASE64URL, "Zm9vY"},
    {SYN_BASE64URL, "+//+"}, /* the other alphabet */
    {SYN_BASE64URL, "Zm9v."}, {SYN_BASE64URL, "Zm9vYg\r\n"},
};

START_TEST(base64_refuses_other_spellings)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, ROOM);
    syn_buf_put_text(&buf, "kept");
    ck_assert_int_eq(syn_base64_decode(&buf, base64_bad[_i].alphabet,
                                       syn_str_of(base64_bad[_i].text)),
                     SYN_ERR_PARSE);
    ck_assert(syn_str_is(syn_buf_str(&buf), "kept"));
    ck_assert_int_eq(buf.status, SYN_OK);
    syn_buf_fini(&buf);
}
END_TEST

START_TEST(base64_refuses_nul)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, ROOM);
    ck_assert_int_eq(syn_base64_decode(&buf, SYN_BASE64URL, SYN_STR("Zm9\0")),
                     SYN_ERR_PARSE);
    syn_buf_fini(&buf);
}
END_TEST

START_TEST(base64_keeps_every_length)
{
    unsigned char bytes[1000];
    struct syn_buf text, back;
    syn_buf_init(&text, NULL, 4000);
    syn_buf_init(&back, NULL, 4000);
    ck_assert_int_eq(syn_crypto_random(bytes, sizeof bytes), SYN_OK);
    for (size_t length = 0; length <= sizeof bytes; length++) {
        struct syn_str in = {(const char *)bytes, length};
        for (int alphabet = SYN_BASE64; alphabet <= SYN_BASE64URL; alphabet++) {
            syn_buf_clear(&text);
            syn_buf_clear(&back);
            syn_base64_put(&text, (enum syn_base64_alphabet)alphabet, in);
            ck_assert_int_eq(
                syn_base64_decode(&back, (enum syn_base64_alphabet)alphabet,
                                  syn_buf_str(&text)),
                SYN_OK);
            ck_assert(syn_str_is_equal(syn_buf_str(&back), in));
        }
    }
    syn_buf_fini(&text);
    syn_buf_fini(&back);
}
END_TEST

START_TEST(base64_decode_reports_a_full_buffer)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, 2);
    ck_assert_int_eq(syn_base64_decode(&buf, SYN_BASE64, SYN_STR("Zm9v")),
                     SYN_ERR_LIMIT);
    syn_buf_fini(&buf);
}
END_TEST

static TCase *case_base64(void)
{
    TCase *tc = tcase_create("base64");
    tcase_add_loop_test(tc, base64_matches_vector_both_ways, 0,
                        COUNT(base64_rows));
    tcase_add_loop_test(tc, base64_refuses_other_spellings, 0,
                        COUNT(base64_bad));
    tcase_add_test(tc, base64_refuses_nul);
    tcase_add_test(tc, base64_keeps_every_length);
    tcase_add_test(tc, base64_decode_reports_a_full_buffer);
    return tc;
}

Suite *suite_crypto(void)
{
    Suite *suite = suite_create("crypto");
    TCase *tc = tcase_create("crypto");
    tcase_add_loop_test(tc, digest_matches_vector, 0, COUNT(digest_rows));
    tcase_add_test(tc, digest_of_nothing_is_defined);
    tcase_add_loop_test(tc, hmac_matches_vector_each_time, 0, COUNT(hmac_rows));
    tcase_add_test(tc, freeing_nothing_is_fine);
    tcase_add_test(tc, equality_sees_each_bit);
    tcase_add_test(tc, random_bytes_differ_and_wipe_clears);
    tcase_add_test(tc, fingerprint_is_eight_digits_of_the_hash);
    tcase_add_loop_test(tc, seal_matches_vector_and_opens_again, 0,
                        COUNT(gcm_rows));
    tcase_add_test(tc, each_changed_bit_is_refused);
    suite_add_tcase(suite, tc);
    suite_add_tcase(suite, case_base64());
    return suite;
}
