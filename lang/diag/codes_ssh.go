package diag

// HS0901–HS0930: ssh.
var sshCodes = []Entry{
	{"HS0901", "no ssh connection", `The connection was refused, there is no route, or what answers there is not an SSH server. Machines behind a parent are reached through the parent's SSH server, so the parent's being able to reach the address is what counts. A machine that has just been started refuses connections until its SSH server is up; homestak waits for that in a step of its own before it gives up.`},
	{"HS0902", "it is not the machine it should be", `Each node gets a host key with a certificate that the site's SSH host CA signed for the node's uuid. What answered at the address has no such certificate, or one for another machine: another machine got the address, the node was rebuilt outside homestak, or something stands in between. homestak does not ask whether to go on. If the node was rebuilt on purpose, destroy it and create it again.`},
	{"HS0903", "the machine refuses the login", `The driver logs in with a certificate that the site's SSH user CA signs for one hour, and the machine refused it. Either these are not the keys the machine was made with (another clone of the site with keys of its own), or its clock is far off, or its SSH server was reconfigured to forget the site's CA.`},
	{"HS0904", "no answer in time", `The machine accepted a connection, or should have, and did not get on with it in the time a step has. It may be overloaded, still booting, or its packets are dropped. Look at its console; resume the run when it answers.`},
	{"HS0905", "the connection was lost", `An open SSH connection ended or stopped answering: the machine rebooted, its network changed, or a machine on the way to it did. What the interrupted command did is found by probing when the run is resumed.`},
	{"HS0906", "a command failed on the machine", `A command that homestak ran on the machine ended with a status other than zero; the command and the end of its error output are quoted. Log in and run it there to see it fail.`},
	{"HS0907", "an upload was damaged", `A file was sent to the machine and its SHA-256 digest, read back there, is not that of what was sent. Nothing was put in place: files appear under their name only after this check. Usually the machine's disk is full, or its memory is bad.`},
	{"HS0908", "a command wrote too much", `A command on the machine wrote more output than homestak is willing to hold, and was stopped. It is most likely caught in a loop that prints.`},
}
