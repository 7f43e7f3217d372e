/*
 * crypto_certificate.c - a throw-away certificate for our own loopback service.
 *
 * Valid by the machine's clock, since OpenSSL knows no other, for an hour.
 */
#include "base/crypto.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define LIFETIME_S  3600
#define BACKDATED_S (-300) /* clocks differ */
#define VERSION_3   2
#define NAME_BYTES  64

static bool add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool is_good = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_good;
}

static bool fill(X509 *cert, EVP_PKEY *key, const char *address)
{
    char names[NAME_BYTES];
    int bytes = snprintf(names, sizeof(names), "IP:%s", address);
    X509_NAME *name = X509_get_subject_name(cert);
    return bytes > 0 && (size_t)bytes < sizeof(names) &&
           X509_set_version(cert, VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(cert), BACKDATED_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(cert), LIFETIME_S) != NULL &&
           X509_set_pubkey(cert, key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)address, -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(cert, name) == 1 &&
           add_extension(cert, NID_subject_alt_name, names) &&
           add_extension(cert, NID_basic_constraints, "critical,CA:TRUE") &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

/* A stream to a file that was not there, for this user alone. */
static FILE *create(const char *path)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0 && file == NULL) {
        (void)close(fd);
    }
    return file;
}

static syn_status end(FILE *file, bool is_good)
{
    bool is_closed = file != NULL && fclose(file) == 0;
    return is_closed && is_good ? SYN_OK : SYN_ERR_IO;
}

static syn_status write_both(X509 *cert, EVP_PKEY *key, const char *cert_file,
                             const char *key_file)
{
    FILE *file = create(cert_file);
    syn_status st = end(file, file != NULL && PEM_write_X509(file, cert) == 1);
    if (st == SYN_OK) {
        file = create(key_file);
        st = end(file,
                 file != NULL && PEM_write_PrivateKey(file, key, NULL, NULL, 0,
                                                      NULL, NULL) == 1);
    }
    return st;
}

syn_status syn_crypto_write_certificate(const char *address,
                                        const char *cert_file,
                                        const char *key_file)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    syn_status st = SYN_ERR_CRYPTO;
    if (key != NULL && cert != NULL && fill(cert, key, address)) {
        st = write_both(cert, key, cert_file, key_file);
    }
    ERR_clear_error();
    X509_free(cert);
    EVP_PKEY_free(key);
    return st;
}
