"""Pages that a run will write to, copied before it begins.

After a fork every page of memory is shared, and the first write to one copies it: three microseconds
and more, a thousand times for a program that uses pandas. What pages these are is hardly different from
one run of a program to the next. So the first runs of a zygote note at their end which pages are theirs
alone, in a piece of memory that they share with it, and a spare that nobody waits for has the system copy
those before it is taken.

Nothing but time depends on it: pages that are not there any more are passed over, and others are only
copied in vain.
"""
import mmap
import _io
try:
    import ctypes
except ImportError:
    ctypes = None  # some builds have none

PAGE = mmap.PAGESIZE
POPULATE_WRITE = 23      # of madvise; since Linux 5.14
MOST_PAGES = (16 << 20) // PAGE  # that a waiting spare has for itself
MOST_LOOKED_AT = 1 << 17  # pages of memory, at the end of a run that is noted
MOST_RANGES = 4096
LESSONS = 3              # runs that are noted; each knows what those before it did
A_FEW = 16               # ranges, then somebody may be waiting

if ctypes is not None:
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
# Two numbers, then the first page and the number of pages of each range.
noted = memoryview(mmap.mmap(-1, 8 * (2 + 2 * MOST_RANGES))).cast("Q")
LESSON, RANGES = 0, 1
learns = False           # whether this run is one of those that are noted


def copy_pages():
    """In steps, in a spare; once all of it has been done the run may be noted."""
    global learns
    for at in range(min(noted[RANGES], MOST_RANGES)):
        if at % A_FEW == 0:
            yield
        first, count = noted[2 + 2 * at], noted[3 + 2 * at]
        if madvise(first * PAGE, count * PAGE, POPULATE_WRITE) != 0 and at == 0:
            return  # the system may be too old
    learns = ctypes is not None and noted[LESSON] < LESSONS


def own_ranges():
    """(first page, count) of the memory that no other process has a part in."""
    left = MOST_LOOKED_AT
    with _io.open("/proc/self/maps", "rb") as file:
        places = [line.split(None, 5) for line in file]
    with _io.open("/proc/self/pagemap", "rb", buffering=0) as file:
        for words in places:
            if words[1] != b"rw-p" or words[5:] == [b"[stack]\n"]:
                continue
            start, end = (int(number, 16) // PAGE for number in words[0].split(b"-"))
            end = min(end, start + left)
            left -= end - start
            file.seek(8 * start)
            yield from exclusive(start, file.read(8 * (end - start)))


def exclusive(first, facts):
    """The ranges of pages that are there (bit 63) and mapped once (bit 56)."""
    begun = None
    for at in range(len(facts) // 8):
        own = facts[8 * at + 7] & 0x81 == 0x81
        if own and begun is None:
            begun = at
        elif not own and begun is not None:
            yield first + begun, at - begun
            begun = None
    if begun is not None:
        yield first + begun, len(facts) // 8 - begun


def note_pages():
    """At the end of a run, for the spares to come."""
    try:
        count = pages = 0
        for first, size in own_ranges():
            if count == MOST_RANGES or pages + size > MOST_PAGES:
                break
            noted[2 + 2 * count], noted[3 + 2 * count] = first, size
            count, pages = count + 1, pages + size
        noted[RANGES] = count
        noted[LESSON] += 1
    except (OSError, ValueError, MemoryError):
        pass  # the next run may know better
