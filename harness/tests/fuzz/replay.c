/*
 * replay.c - the stored inputs of one fuzzer, each once, in any build.
 *
 *     corpus_<name> fixtures/fuzz/<name>
 *
 * Inputs are copied to blocks of their exact size, so that a sanitizer sees a
 * read behind their end. An empty folder is a failure: it would prove nothing.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES      4096
#define INPUT_BYTES_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* False: not a file that can be read whole. */
static bool replay_file(const char *path)
{
    static uint8_t room[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    const size_t bytes = fread(room, 1, sizeof room, file);
    const bool is_whole = ferror(file) == 0 && bytes < sizeof room;
    fclose(file);
    uint8_t *exact = is_whole ? malloc(bytes > 0 ? bytes : 1) : NULL;
    if (exact == NULL) {
        return false;
    }
    memcpy(exact, room, bytes);
    (void)LLVMFuzzerTestOneInput(exact, bytes);
    free(exact);
    return true;
}

static int replay_folder(const char *folder)
{
    char path[PATH_BYTES];
    int count = 0;
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return -1;
    }
    for (struct dirent *entry = readdir(entries); entry != NULL;
         entry = readdir(entries)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        const int wrote =
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        fprintf(stderr, "%s\n", path); /* the last one named is at fault */
        if (wrote < 0 || (size_t)wrote >= sizeof path || !replay_file(path)) {
            count = -1;
            break;
        }
        count++;
    }
    closedir(entries);
    return count;
}

int main(int argc, char **argv)
{
    const int count = argc == 2 ? replay_folder(argv[1]) : -1;
    if (count <= 0) {
        fprintf(stderr, "replay: no inputs, or not readable\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
