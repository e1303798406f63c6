package lab

import (
	"fmt"
	"strings"
)

// interfacesText is a node's interfaces as /etc/network/interfaces has them.
func interfacesText(all map[string]map[string]string) []string {
	lines := []string{"auto lo", "iface lo inet loopback", ""}
	for _, name := range sortedKeys(all) {
		set := all[name]
		if set["autostart"] == "1" {
			lines = append(lines, "auto "+name)
		}
		method := "manual"
		if set["cidr"] != "" {
			method = "static"
		}
		lines = append(lines, "iface "+name+" inet "+method)
		for _, k := range []string{"cidr", "gateway"} {
			if set[k] != "" {
				lines = append(lines, "\t"+strings.Replace(k, "cidr", "address", 1)+" "+set[k])
			}
		}
		for _, k := range sortedKeys(set) {
			switch {
			case k == "type" || k == "autostart" || strings.HasPrefix(k, "cidr") || strings.HasPrefix(k, "gateway") || strings.HasPrefix(k, "comments"):
			case set[k] == "" && k == "bridge_ports":
				lines = append(lines, "\tbridge-ports none")
			default:
				lines = append(lines, "\t"+strings.ReplaceAll(k, "_", "-")+" "+set[k])
			}
		}
		if set["type"] == "bridge" {
			lines = append(lines, "\tbridge-stp off", "\tbridge-fd 0")
		}
		for _, line := range strings.Split(strings.TrimSuffix(set["comments"], "\n"), "\n") {
			if line != "" {
				lines = append(lines, "#"+line)
			}
		}
		if set["cidr6"] != "" {
			lines = append(lines, "", "iface "+name+" inet6 static", "\taddress "+set["cidr6"])
			if set["gateway6"] != "" {
				lines = append(lines, "\tgateway "+set["gateway6"])
			}
		}
		lines = append(lines, "")
	}
	return lines
}

// diff is the difference that waits to be applied, as diff -u prints it with all
// between the first and the last change in one hunk; "" = none.
func (n *networks) diff() string {
	if n.Pending == nil {
		return ""
	}
	const context = 3
	a, b := interfacesText(n.Active), interfacesText(n.Pending)
	first := 0
	for first < len(a) && first < len(b) && a[first] == b[first] {
		first++
	}
	if first == len(a) && first == len(b) {
		return ""
	}
	last := 0
	for last < len(a)-first && last < len(b)-first && a[len(a)-1-last] == b[len(b)-1-last] {
		last++
	}
	from, endA, endB := max(0, first-context), min(len(a), len(a)-last+context), min(len(b), len(b)-last+context)
	var out strings.Builder
	fmt.Fprintf(&out, "--- /etc/network/interfaces\n+++ /etc/network/interfaces.new\n@@ -%d,%d +%d,%d @@\n", from+1, endA-from, from+1, endB-from)
	write := func(mark string, lines []string) {
		for _, line := range lines {
			out.WriteString(mark + line + "\n")
		}
	}
	write(" ", a[from:first])
	write("-", a[first:len(a)-last])
	write("+", b[first:len(b)-last])
	write(" ", a[len(a)-last:endA])
	return out.String()
}
