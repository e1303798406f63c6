package schema

// Pattern is the regular expression that every text of a type matches, "" for
// types that one expression does not describe. It means the same in RE2 and in
// ECMA 262, so that the compiler and JSON Schema share it. Each is the rule of
// whoever takes the text in the end: DNS, Debian, systemd, Proxmox VE, and the
// programs nodes are made by, which refuse what is longer or stranger.
func (t Type) Pattern() string {
	const label = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`
	switch t {
	case Label:
		return `^` + label + `$`
	case Name:
		return `^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`
	case Domain:
		return `^(` + label + `\.)*` + label + `$`
	case Package:
		return `^[a-z0-9][a-z0-9+.-]{1,127}$`
	case Service:
		return `^[A-Za-z0-9_][A-Za-z0-9:_.@-]{0,127}$`
	case Login:
		return `^[a-z_][a-z0-9_-]{0,31}$`
	case Tag:
		return `^[a-z0-9_][a-z0-9_+.-]{0,63}$`
	case Pool:
		return `^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){0,2}$`
	case Bridge:
		return `^[A-Za-z][A-Za-z0-9_.-]{0,14}$`
	case Storage:
		return `^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]$`
	case DiskName:
		return `^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$`
	case Word:
		return `^[A-Za-z0-9][A-Za-z0-9_+.-]{0,63}$`
	case Machine:
		return `^(pc|q35|pc-i440fx-[0-9]+(\.[0-9]+)+(\+pve[0-9]+)?|pc-q35-[0-9]+(\.[0-9]+)+(\+pve[0-9]+)?)$`
	case Path:
		return `^(/[A-Za-z0-9_+@%=:][A-Za-z0-9_+@%=:.-]*|/\.[A-Za-z0-9_+@%=:-][A-Za-z0-9_+@%=:.-]*)+$`
	case Mode:
		return `^0?[0-7]{3}$`
	}
	return ""
}

// LongestWord bounds the texts that have a Pattern, in bytes: it is the length
// of a DNS name, and nothing else is longer.
const LongestWord = 253
