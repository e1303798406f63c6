package diag

// HS0170–HS0189: convert; HS0997 is its verb's.
var convertCodes = []Entry{
	{"HS0170", "nothing says what the file defines", `
A YAML file is one definition, and its directory says of what: manifests/, specs/, presets/, postures/, images/ or hosts/.
Where the directory says nothing, the fields decide, and this file has none that do. Put it into its directory. In HCL,
blocks with a name define; site.yaml and the secrets are YAML only.`},
	{"HS0171", "the file is in this syntax already", `
convert turns YAML into HCL, HCL into YAML and schema v1 into v2. There is nothing to do for this file. If its looks are
what you want to change, use "homestak fmt".`},
	{"HS0172", "not data", `
YAML is data unless a file says "expressions: true". Each variable, local and expression of an HCL file is reported,
because data would lose it. Convert with --evaluate for what they make: values in place of expressions, and every node
of count, for_each and modules written out. Convert with --expressions to keep them, as ${…} in YAML. Or write plain
values there, or keep the file in HCL; a site may have both.`},
	{"HS0173", "the other syntax cannot say this", `
A field of a block has to be a name of letters, digits, - and _; a block's name has no quotes or templates in it; and
numbers are finite. Each syntax has limits of its own, too: a text of very many lines is more than HCL reads. What is
reported is none of this, and no manifest needs it. Rename or shorten it, or keep the file as it is.`},
	{"HS0174", "converting would change what the file says", `
The result is read again and compared before it is printed, and it was not the same. That is a bug in homestak; nothing
was written. Please report it with the file.`},
	{"HS0175", "a part of schema v1 is not kept", `
Something in a v1 file has no place in today's schema: nothing acts on it, or another file says it now. The rest was
converted. The text beside the finding says where it belongs, if anywhere. An environment without machines becomes a
manifest without nodes, which is refused until it has one.`},
	{"HS0176", "a file that a v1 file refers to is missing", `
In schema v1 a level names an environment of envs/, a template of vms/ or a preset of vms/presets/, and what the machine
is stands there. Without that file nobody knows its image and sizes. Name the directory that has them with --site.`},
	{"HS0177", "a v1 file is not what v1 wanted", `
A level needs a name and one of vm_preset, template and env; the machines of an environment have names. The old homestak
refused this file, too. Complete it first.`},
	{"HS0997", "a file to convert cannot be read or written", `
The file named on the command line is missing, is not a regular file or may not be read; or the one to write exists
already or its directory cannot be made. convert never overwrites a file. Nothing was changed.`},
}
