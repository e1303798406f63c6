package build

import "github.com/homestak/homestak/lang/diag"

// Refuses tells findings about the world, which forbids the plan as it is, from
// findings about what the user wrote. The command line exits 4 for the first
// and 1 for the second.
func Refuses(c diag.Code) bool {
	switch c {
	case codeHostSilent, codeParent, codeVMIDHeld, codeNameHeld, codeCopy, codeSeveral, codeElsewhere, codeVMIDDiffers, codeMACHeld, codeProtected, codeDeployed:
		return true
	}
	return false
}
