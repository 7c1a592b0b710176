/* filter_list: the one list of filters: name, least and most positional arguments, keyword
 * argument, one line of help (private to this folder). Filter NAME is the function
 * liquid_filter_NAME. */
#ifndef HOB_COMPUTE_LIQUID_FILTER_LIST_H
#define HOB_COMPUTE_LIQUID_FILTER_LIST_H

#define LIQUID_FILTERS(X)                                                                          \
    X(abs, 0, 0, NULL, "a number without its sign")                                                \
    X(absolute_url, 0, 0, NULL, "a path as a URL of the local notebook server")                    \
    X(append, 1, 1, NULL, "the text with another behind it")                                       \
    X(at_least, 1, 1, NULL, "the number, or the argument when that is higher")                     \
    X(at_most, 1, 1, NULL, "the number, or the argument when that is lower")                       \
    X(base64_decode, 0, 0, NULL, "the text that base64 stands for")                                \
    X(base64_encode, 0, 0, NULL, "base64 of the text")                                             \
    X(base64_url_safe_decode, 0, 0, NULL, "the text that base64 with - and _ stands for")          \
    X(base64_url_safe_encode, 0, 0, NULL, "base64 with - and _ of the text")                       \
    X(capitalize, 0, 0, NULL, "the first letter large, the others small")                          \
    X(ceil, 0, 0, NULL, "the next integer above")                                                  \
    X(compact, 0, 1, NULL, "the list without nil, or without items whose member is nil")           \
    X(concat, 1, 1, NULL, "the list with another behind it")                                       \
    X(date, 1, 1, NULL, "a date in a format: '%d %B %Y'")                                          \
    X(default, 0, 1, "allow_false", "the argument for nil, false and what is empty")               \
    X(divided_by, 1, 1, NULL, "division; of integers, the floor")                                  \
    X(downcase, 0, 0, NULL, "small letters")                                                       \
    X(escape, 0, 0, NULL, "HTML's special characters as entities")                                 \
    X(escape_once, 0, 0, NULL, "the same, but entities stay as they are")                          \
    X(escapejs, 0, 0, NULL, "special characters as JavaScript escapes")                            \
    X(find, 1, 2, NULL, "the first item that has a member, or has it with a value")                \
    X(find_index, 1, 2, NULL, "the position of that item")                                         \
    X(first, 0, 0, NULL, "the first item")                                                         \
    X(floor, 0, 0, NULL, "the next integer below")                                                 \
    X(has, 1, 2, NULL, "whether there is such an item")                                            \
    X(join, 0, 1, NULL, "the items with a text between them")                                      \
    X(last, 0, 0, NULL, "the last item")                                                           \
    X(lstrip, 0, 0, NULL, "no white space at the start")                                           \
    X(map, 1, 1, NULL, "a member of each item")                                                    \
    X(markdownify, 0, 0, NULL, "HTML of Markdown")                                                 \
    X(minus, 1, 1, NULL, "subtraction")                                                            \
    X(modulo, 1, 1, NULL, "the remainder of a division")                                           \
    X(newline_to_br, 0, 0, NULL, "<br /> at line ends")                                            \
    X(plus, 1, 1, NULL, "addition")                                                                \
    X(prepend, 1, 1, NULL, "the text with another before it")                                      \
    X(reject, 1, 2, NULL, "the items that do not have a member, or that value")                    \
    X(relative_url, 0, 0, NULL, "a path below that of the local notebook server")                  \
    X(remove, 1, 1, NULL, "the text without a part")                                               \
    X(remove_first, 1, 1, NULL, "the text without the first such part")                            \
    X(remove_last, 1, 1, NULL, "the text without the last such part")                              \
    X(replace, 1, 2, NULL, "a part replaced by another text")                                      \
    X(replace_first, 1, 2, NULL, "the first such part replaced")                                   \
    X(replace_last, 2, 2, NULL, "the last such part replaced")                                     \
    X(reverse, 0, 0, NULL, "the items from last to first")                                         \
    X(round, 0, 1, NULL, "the nearest integer, or so many digits after the point")                 \
    X(rstrip, 0, 0, NULL, "no white space at the end")                                             \
    X(safe, 0, 0, NULL, "the text as it is")                                                       \
    X(size, 0, 0, NULL, "the number of characters or items")                                       \
    X(slice, 1, 2, NULL, "characters or items from a position on")                                 \
    X(sort, 0, 1, NULL, "the items in order, or in order of a member")                             \
    X(sort_natural, 0, 1, NULL, "the same, as text without regard to letter case")                 \
    X(split, 1, 1, NULL, "the parts between a separator")                                          \
    X(strip, 0, 0, NULL, "no white space at both ends")                                            \
    X(strip_html, 0, 0, NULL, "the text without tags")                                             \
    X(strip_newlines, 0, 0, NULL, "the text in one line")                                          \
    X(sum, 0, 1, NULL, "the sum of the items, or of a member of them")                             \
    X(times, 1, 1, NULL, "multiplication")                                                         \
    X(to_i, 0, 0, NULL, "an integer of a number or text")                                          \
    X(truncate, 0, 2, NULL, "the text cut to a length, with an ending")                            \
    X(truncatewords, 0, 2, NULL, "the text cut to a number of words")                              \
    X(uniq, 0, 1, NULL, "each item once, or each value of a member")                               \
    X(upcase, 0, 0, NULL, "large letters")                                                         \
    X(url_decode, 0, 0, NULL, "the text that percent encoding stands for")                         \
    X(url_encode, 0, 0, NULL, "percent encoding, + for blanks")                                    \
    X(url_escape, 0, 0, NULL, "percent encoding that leaves slashes")                              \
    X(where, 1, 2, NULL, "the items that have a member, or that value")

#endif
