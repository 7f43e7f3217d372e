/*
 * fickle_resolver.c - a resolver whose answer changes, to be preloaded.
 * Layer: tests. Threads: any.
 *
 * sync.test is 127.0.0.1 when it is asked for the first time and 127.0.0.66,
 * where nobody listens, ever after. Each question adds a byte to the file that
 * FICKLE_LOG names. All other names go to the real resolver.
 *
 * _GNU_SOURCE: RTLD_NEXT.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int (*resolve_fn)(const char *, const char *, const struct addrinfo *,
                          struct addrinfo **);

/* How often it was asked before. */
static long count_question(void)
{
    const char *path = getenv("FICKLE_LOG");
    struct stat facts = {0};
    int fd = path == NULL
                 ? -1
                 : open(path, O_WRONLY | O_APPEND | O_CREAT, S_IRUSR | S_IWUSR);
    if (fd < 0 || fstat(fd, &facts) != 0 || write(fd, ".", 1) != 1) {
        abort();
    }
    (void)close(fd);
    return (long)facts.st_size;
}

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
    resolve_fn real = NULL;
    void *found = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &found, sizeof real);
    if (node != NULL && strcmp(node, "sync.test") == 0) {
        node = count_question() == 0 ? "127.0.0.1" : "127.0.0.66";
    }
    return real(node, service, hints, out);
}
