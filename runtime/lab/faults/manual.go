package faults

import (
	"fmt"
	"strings"
)

// Manual is the format of a script, for docs/reference.
func Manual() string {
	var b strings.Builder
	b.WriteString(`# Faults

What goes wrong in a lab, as data: ` + "`homestak lab serve --faults FILE`" + ` takes it in YAML, JSON or HCL. Generated from
runtime/lab/faults.

` + "```yaml" + `
seed: 7            # decides whatever is left to chance
random: 3          # so many more faults, made out of the seed
faults:
  - {fault: delay, delay: 200ms, jitter: 300ms}                      # a slow line
  - {fault: task-fail, on: POST /nodes/*/qemu, skip: 1, times: 1, percent: 50, exit: got timeout}
  - {fault: drop, on: POST /pools, times: 1, effect: true}           # done, and the answer is lost
  - {fault: node-down, on: GET /cluster/resources, skip: 5, times: 1, for: 20s}
` + "```" + `

The faults of one request take effect in their order. Of those that decide its answer, and of those that decide its
task, the first one counts and the others wait for the next request. The same seed and the same requests in the same order give the same faults. The lab's log
(` + "`homestak lab log`" + `) has the faults of each request.

While the lab runs, the same script as JSON is put to ` + "`/lab/faults`" + ` of its address with its own token: GET lists the faults
with how often each has happened, PUT replaces them, POST adds some, DELETE ends everything that is wrong.

## Fields

| field | is | says |
|---|---|---|
`)
	for _, f := range Fields() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.Type, strings.ReplaceAll(f.Does, "|", `\|`))
	}
	b.WriteString("\n## Kinds\n\nEach also takes `" + strings.Join(Common(), "`, `") + "`.\n\n| fault | needs | takes | does |\n|---|---|---|---|\n")
	for _, e := range Kinds() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.Kind, ticked(e.Needs), ticked(e.Takes), e.Does)
	}
	return b.String()
}

func ticked(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
