package diag

// HS0931–HS0949: what this version does not support yet.
var supportCodes = []Entry{
	{"HS0931", "pull and hybrid are not supported in this version", `The node's configuration or run phase has mode pull or hybrid: the node itself would fetch its program from a spec server. This version applies push only, where the driver does it over SSH. Such plans can be made and reviewed; applying one is refused before anything is written. Give the node "execution: {mode: push}", or plan with --mode push.`},
	{"HS0932", "delegation is not supported in this version", `The plan hands a nested plan to the agent of a parent node, which would carry it out by itself. This version reaches every node from the driver, through the SSH chain of its parents. Plan again with this version.`},
	{"HS0933", "a late value is not supported in this version", `An argument of a step is a value that exists only while applying, of a kind this version does not produce (an enrollment token, the address of a spec server). The plan was made by a newer version, or for a mode this version cannot run.`},
	{"HS0934", "an operation is not supported in this version", `The plan has a step whose operation this version can decode and show but not run. Use the version of homestak the plan was made with, or plan again.`},
	{"HS0936", "configuring real machines is not supported in this version", `The target side of this version converges the embedded lab's simulated guests. On a real Proxmox VE host a plan that configures nodes would make them and then stop half-way, so it is refused before anything is written; plans that only destroy or resize run. Rehearse with -H lab.`},
	{"HS0940", "part of the language that this version does not act on", `The field or value is part of the language, and this version does nothing with it yet. What upstream homestak accepts is a warning; what is new is an error, because whoever writes it counts on its effect. Remove it, or wait for the version that supports it.`},
}
