# A text as the lines of a string constant of C.
s/[\\"]/\\&/g
s/.*/"&\\n"/
