package diag

// HS0150–HS0199: expressions.
var exprCodes = []Entry{
	{"HS0150", "unknown name",
		`An expression mentions a name that nothing defines here. Known are var, local, the typed references
(spec, preset, posture, image, host, node), count and each inside nodes that have such a field, and
the names a for introduces. A single word is usually text without its quotes. A hyphen is part of a
name: write a - 1 with spaces to subtract.`},
	{"HS0151", "unknown field of a value",
		`What stands before the dot has no field of this name: a variable or local that is not defined in
this file, or a key that a mapping does not have. The finding lists what there is.`},
	{"HS0152", "unknown function",
		`There is no function of this name. The functions work on text (upper, lower, title, trim, trimspace,
trimprefix, trimsuffix, chomp, startswith, endswith, strcontains, replace, regex, regexall, regexreplace, substr,
strrev, split, join, indent, format, formatlist, tostring, tobool), lists (length, concat, contains, distinct,
element, index, one, flatten, reverse, slice, chunklist, sort, compact, coalesce, coalescelist, range, alltrue,
anytrue, tolist), sets (toset, setunion, setintersection, setsubtract, setproduct), mappings (keys, values, lookup,
merge, zipmap, tomap), numbers (abs, ceil, floor, max, min, sum, signum, pow, log, parseint, tonumber), networks
(cidrhost, cidrsubnet, cidrnetmask) and encodings (jsonencode, jsondecode, base64encode, base64decode, sha256,
sha512); try and can deal with errors. All are pure: nothing reads files, the
clock, the environment or chance, so that the same manifest always makes the same plan.`},
	{"HS0153", "reference broken",
		`A typed reference is a kind and a name: spec.base, preset.vm-small, posture.dev, image.debian-12,
host.father, node.dns. It stands for the name alone and has no fields. A name with a dot in it, or
one that starts with a digit, takes the form image["debian-12.5"].`},
	{"HS0154", "wrong number of arguments",
		`A function is called with more or fewer arguments than it takes. The finding shows how it is called;
a question mark follows arguments that may be left out, and … says that more may follow. Call it so.`},
	{"HS0155", "wrong type in an expression",
		`An operator, a function or a text was given a value of a kind it cannot work with, such as a list
where text is needed. Text that is a number or a boolean counts as one; nothing else is converted.
Convert it yourself: join makes text of a list, tostring of a number, keys and values lists of a
mapping.`},
	{"HS0156", "function refused its arguments",
		`The arguments have the right types, but not values the function can work with, such as an address
number outside of its network, or a lookup of a key that is absent and has no default. The finding
says what the function asks for; "homestak doc FUNCTION" shows it with an example.`},
	{"HS0157", "no such element",
		`A list is shorter than the index asks for. Indexes count from 0 up to the length less one; negative
and fractional ones do not exist. Correct the index; element(list, n) begins anew after the last one.`},
	{"HS0158", "number impossible",
		`The result is no number homestak can hold: a division by zero, or more than about 150 digits. Correct
the operands, or guard the division by a condition.`},
	{"HS0159", "null where a value is needed",
		`null stands for "not given" and can be passed on to a field, but not calculated with, put into a
text, gone through or looked into. Use coalesce, or a condition, to choose another value.`},
	{"HS0161", "locals need each other",
		`The value of a local depends, directly or through others, on itself, so none of them has a value.
The finding shows the circle. Write one of them without the others.`},
	{"HS0162", "expression too costly",
		`All expressions of a file together have a budget of steps and of memory, and values a limit of
nesting, so that no input can make homestak run for ever or fill the memory. Real files stay far
below. Nested for expressions over long lists, and texts or lists that double in each local, do not.
The place shown is where the budget ended; what came before used most of it.`},
}
