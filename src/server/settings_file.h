/* settings_file: finding hob.yml and reading it only when nobody else can have written it; private
 * to settings.c. */
#ifndef HOB_SERVER_SETTINGS_FILE_H
#define HOB_SERVER_SETTINGS_FILE_H

#include "base/file.h"

/* Reads the file. HOB_E_PERMISSION when it belongs to somebody else than this user or root, or may
 * be written by its group or others; HOB_E_VALUE when it is no regular file; HOB_E_LIMIT above a
 * megabyte. */
int hob_settings_load(const char *path, struct hob_file_content *content, struct hob_error *error);

/* The directory of the file, absolute, so that relative paths keep their meaning; malloc'd. NULL
 * when it cannot be told: they then start from the working directory. */
char *hob_settings_directory(const char *path);

#endif
