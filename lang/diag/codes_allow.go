package diag

// HS0245–HS0249: comments that allow a warning.
var allowCodes = []Entry{
	{"HS0245", "allow comment that cannot be read", `
A comment that begins with homestak: and names a code speaks to homestak, and there is one form: homestak:allow, one code
or more, and the reason in double quotes. The reason is not optional: whoever meets the comment next year has to learn from
it whether it still holds. Complete the comment, or begin it in another way if it is meant for people.`},
	{"HS0246", "unknown code in an allow comment", `
The comment allows a code that no finding has, so it silences nothing. Codes are written as they are printed, as in HS0205;
"homestak explain" lists them.`},
	{"HS0247", "error that cannot be allowed", `
A comment can allow a warning, because a manifest with warnings can still be applied. An error means that homestak does not
know what to do, and a comment does not change that. Correct what is wrong, and remove the comment.`},
	{"HS0248", "allow comment without effect", `
The comment allows a warning that is not there: it was cured, it moved to another line, or it is found elsewhere. A comment
at the end of a line holds for that line, one on a line of its own for the next line that is neither blank nor a comment.
What is left over would silence the next warning of this kind unseen. Remove the comment, or move it to the line of the
warning. It is reported when the whole site is validated, because a single manifest may not use all of a file.`},
}
