package diag

// HS0560–HS0579: the small languages of the command line: selectors.
var selectCodes = []Entry{
	{"HS0560", "not a selector", `
--only and --skip take a selector: a pattern of addresses or names (web-*, shop/db/**), a comparison (spec=base,
mode!=pull, depth<=2, tag in (a, b)), a function (under(inner-pve)), and these joined with and, or, not and parentheses.
The caret is where the text stops being one. Put the whole selector in quotes for the shell. "homestak doc selectors"
has all attributes and functions.`},
	{"HS0561", "selector too long or too deep", `
A selector has at most 4096 bytes and 50 levels of parentheses, so that a generated one cannot exhaust the machine.
Whoever needs more than that selects by a tag: give the nodes one in the manifest and write tag=NAME.`},
	{"HS0562", "no such attribute", `
A comparison in a selector begins with an attribute of nodes, and there is none of this name. The message says which
there are; a tag of your own is written tag=NAME, and a node's name alone needs no attribute at all.`},
	{"HS0563", "no such function", `
A selector has a few functions, each of which makes a set of nodes from another: under, above, needs, dependents and
peers. A word before a parenthesis is taken for one. For a group write the parenthesis without a word before it.`},
	{"HS0564", "impossible value in a selector", `
The attribute can never have this value: a type, a mode or a flag is one of a few words, depth, vmid, cores and vlan
are whole numbers, memory and disk are sizes as in 4GiB. Only numbers and sizes can be compared by <, <=, > and >=.`},
	{"HS0565", "the selector names something that does not exist", `
A name without * or ? means one thing, and the manifest has no such node, host, or value, while it may have one that is
spelled nearly the same. What acts on machines does not guess: skipping "dbb" when the node is called "db" would
destroy it. Correct the name. Where one of several may be missing, write it with a wildcard, as in db* or web.`},
	{"HS0566", "the selector selects nothing", `
Everything in the selector is possible, and no node of this manifest meets it. The caret is under the narrowest part
that selects nothing by itself. A plan of nothing would look like success, so it is an error; so is a --skip that
skips nothing. If that is fine for your script, plan without it.`},
	{"HS0567", "no node has this value", `
The selector compares with a value that no node of this manifest has. It changes nothing here, but it is not what
somebody had in mind who wrote it. It is a warning, because one selector may serve several manifests.`},
}
