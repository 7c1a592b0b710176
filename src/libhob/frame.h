/* frame: what a public frame is made of. */
#ifndef HOB_LIBHOB_FRAME_H
#define HOB_LIBHOB_FRAME_H

#include "frame/frame.h"
#include "libhob/internal.h"

struct libhob_frame {
    struct hob_frame *frame;
    struct hob_arena *arena; /* of the texts */
    const char **names, **dtypes;
};

#endif
