package build

import "github.com/homestak/homestak/lang/diag"

// Why there is no plan.
const (
	codeNoHost      diag.Code = "HS0611" // a node has no host, or the facts do not cover it
	codeHostSilent  diag.Code = "HS0612" // a site host could not be asked
	codeParent      diag.Code = "HS0613" // a parent that was ready once cannot be asked
	codeNoStorage   diag.Code = "HS0614" // no storage of the host takes what the plan needs
	codeNoBridge    diag.Code = "HS0615" // the host has no such bridge
	codeImage       diag.Code = "HS0616" // the image cannot be used on this host
	codeVMIDHeld    diag.Code = "HS0617" // another guest has the declared vmid
	codeVMIDsGone   diag.Code = "HS0618" // the site's vmid range is full
	codeNameHeld    diag.Code = "HS0619" // a foreign guest has the node's name
	codeCopy        diag.Code = "HS0620" // a guest carries some of a node's marks, and is not it
	codeSeveral     diag.Code = "HS0621" // more than one guest could be the node
	codeElsewhere   diag.Code = "HS0622" // the node's guest is not where the manifest wants it
	codeVMIDDiffers diag.Code = "HS0623" // the node's guest has another vmid than the declared one
	codeShrink      diag.Code = "HS0624" // a disk would have to shrink
	codeMACHeld     diag.Code = "HS0625" // a MAC address is in use
	codeProtected   diag.Code = "HS0626" // a protected guest would be deleted
	codeCircle      diag.Code = "HS0628" // nodes wait for each other
	codeProgram     diag.Code = "HS0629" // a spec that has no node program
	codeDeployed    diag.Code = "HS0630" // a test would destroy what is deployed
	codeAdopt       diag.Code = "HS0631" // a guest cannot be adopted as a node
	codeRenamed     diag.Code = "HS0632" // a node cannot have had that name
	codeForget      diag.Code = "HS0633" // there is nothing to forget, or not yet
	codeUnfindable  diag.Code = "HS0645" // nobody would tell a guest's address
	codeRootAlone   diag.Code = "HS0646" // a feature of a container that no token may change
	codeSkipped     diag.Code = "HS0641" // --skip takes away what the rest needs
	codeNoneLeft    diag.Code = "HS0642" // --skip takes away everything
)

// What a plan is made with and a reviewer should know.
const (
	findUnknownHost diag.Code = "HS0701" // planned without knowing the host
	findNoLock      diag.Code = "HS0702" // secrets without digests
	findStranger    diag.Code = "HS0703" // a guest that is not ours stands near
	findDrift       diag.Code = "HS0704" // changed since homestak applied it
	findChildren    diag.Code = "HS0705" // children suffer with their parent
	findOrphan      diag.Code = "HS0706" // ours, and the manifest no longer names it
	findProbed      diag.Code = "HS0707" // the first choice of vmid was taken
	findFixed       diag.Code = "HS0708" // fixed when the guest was made, and the manifest says otherwise
	findLeft        diag.Code = "HS0709" // an interrupted run left it
	findAdopted     diag.Code = "HS0710" // an adopted guest is not as its node declares
	findMoved       diag.Code = "HS0712" // on another node of the cluster, and not pinned
	findForgotten   diag.Code = "HS0711" // given up, and still declared
	findStaged      diag.Code = "HS0720" // waits for a restart that is not in the plan
	findHeld        diag.Code = "HS0721" // needs a restart, and is not made because of that
	findKept        diag.Code = "HS0722" // a disk that is taken from a guest, or put back
	findReaders     diag.Code = "HS0724" // a seed that others can read for a while
	findFirstUse    diag.Code = "HS0723" // a host key is trusted on first use
	findShort       diag.Code = "HS0730" // a host has too little of something
	findNested      diag.Code = "HS0731" // a host in a guest without virtualisation
	findIncluded    diag.Code = "HS0643" // in a partial plan because another node needs it
	findDependents  diag.Code = "HS0644" // stays behind without what it depends on
)
