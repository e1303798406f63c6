package diag

// HS0870–HS0899: the lab.
var labCodes = []Entry{
	{"HS0870", "the lab is open in another process",
		"A lab's directory belongs to one process at a time: two of them would run the same guests twice. " +
			"Another homestak command with `-H lab`, or `homestak lab serve`, has it open. Wait until that one is finished, " +
			"stop it, or give this command a directory of its own."},
	{"HS0871", "the lab's state is damaged",
		"A file in the lab's directory cannot be read or is not what the lab wrote. The lab replaces its files as a whole, so a crash of " +
			"homestak does not do this; a full disk, an editor or another program may. The lab holds nothing that is not reproducible: " +
			"remove its directory (`.homestak/lab` of the site for `-H lab`) and create the machines again."},
	{"HS0872", "the lab was made by another version",
		"The lab's directory says which layout its files have, and this version of homestak knows another one. " +
			"Use the version that made the lab, or remove its directory to start with an empty lab."},
	{"HS0873", "the lab cannot listen",
		"The lab's API and the way into its networks are served on a loopback address, because whoever has its token owns every guest. " +
			"The address asked for is not a loopback address, is malformed, or its port is in use. " +
			"Use 127.0.0.1:0 for any free port."},
	{"HS0874", "the lab's directory cannot be used",
		"The lab keeps guests, volumes and logs in one directory and must be able to make files there. It is missing and cannot be made, " +
			"is not writable for this user, or the disk is full. Choose another directory, or free some space."},
}
