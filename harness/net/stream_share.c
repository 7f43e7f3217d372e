/*
 * stream_share.c - bytes that many streams send, kept once.
 * Layer: net. Threads: the loop's.
 *
 * What is told to a thousand peers need not be copied a thousand times: a
 * stream holds references, and one sendmsg takes its queue and what they refer
 * to. They come behind the queue; whatever is to come behind them, and what a
 * full socket leaves, is copied into the queue first.
 */
#include "net/stream_impl.h"

#include "syn/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct syn_shared {
    size_t references;
    size_t bytes;
    char at[];
};

struct syn_shares {
    size_t count;
    size_t bytes;
    struct syn_shared *at[SYN_STREAM_SHARES_MAX];
};

struct syn_shared *syn_shared_new(struct syn_str bytes)
{
    SYN_ASSERT(bytes.bytes <= SYN_STREAM_UNREAD_MAX);
    struct syn_shared *shared = malloc(sizeof *shared + bytes.bytes);
    if (shared != NULL) {
        shared->references = 1;
        shared->bytes = bytes.bytes;
        if (bytes.bytes > 0) {
            memcpy(shared->at, bytes.at, bytes.bytes);
        }
    }
    return shared;
}

void syn_shared_drop(struct syn_shared *shared)
{
    if (shared != NULL) {
        shared->references--;
        if (shared->references == 0) {
            free(shared);
        }
    }
}

struct syn_str syn_shared_str(const struct syn_shared *shared)
{
    return (struct syn_str){shared->at, shared->bytes};
}

size_t syn_shares_bytes(const struct syn_stream *stream)
{
    return stream->shares == NULL ? 0 : stream->shares->bytes;
}

bool syn_shares_add(struct syn_stream *stream, struct syn_shared *shared)
{
    if (stream->shares == NULL) {
        stream->shares = malloc(sizeof *stream->shares);
        if (stream->shares == NULL) {
            return false;
        }
        stream->shares->count = 0;
        stream->shares->bytes = 0;
    }
    struct syn_shares *shares = stream->shares;
    if (shares->count == SYN_STREAM_SHARES_MAX) {
        return false;
    }
    shared->references++;
    shares->at[shares->count++] = shared;
    shares->bytes += shared->bytes;
    return true;
}

void syn_shares_drop(struct syn_stream *stream)
{
    struct syn_shares *shares = stream->shares;
    if (shares != NULL) {
        for (size_t i = 0; i < shares->count; i++) {
            syn_shared_drop(shares->at[i]);
        }
        free(shares);
        stream->shares = NULL;
    }
}

void syn_shares_copy(struct syn_stream *stream, size_t skipped)
{
    const struct syn_shares *shares = stream->shares;
    for (size_t i = 0; shares != NULL && i < shares->count; i++) {
        const struct syn_str bytes = syn_shared_str(shares->at[i]);
        const size_t gone = skipped < bytes.bytes ? skipped : bytes.bytes;
        syn_buf_put(&stream->queue, syn_str_from(bytes, gone));
        skipped -= gone;
    }
    syn_shares_drop(stream);
}

ssize_t syn_shares_send(struct syn_stream *stream, struct syn_str before)
{
    SYN_ASSERT(stream->shares != NULL);
    const struct syn_shares *shares = stream->shares;
    struct iovec parts[SYN_STREAM_SHARES_MAX + 1];
    struct msghdr message = {.msg_iov = parts};
    ssize_t sent = 0;
    size_t count = 0;
    if (before.bytes > 0) {
        parts[count++] =
            (struct iovec){(void *)(uintptr_t)before.at, before.bytes};
    }
    for (size_t i = 0; i < shares->count; i++) {
        parts[count++] =
            (struct iovec){shares->at[i]->at, shares->at[i]->bytes};
    }
    message.msg_iovlen = count;
    do {
        sent = sendmsg(syn_socket_fd(stream), &message,
                       MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent;
}
