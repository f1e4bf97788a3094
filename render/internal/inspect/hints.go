package inspect

import (
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/report"
)

const (
	labelHint    = "see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ for the syntax of labels"
	selectorHint = "the operators are In and NotIn, which need values, and Exists and DoesNotExist, which have none"
	nameHint     = "use lower-case letters, digits, '-' and '.', starting and ending with a letter or digit"
	peerHint     = "a peer is either an ipBlock, or a podSelector, a namespaceSelector or both; for any peer leave the list out"
)

// hints say what to do about a value that merge rejects, by the field's name.
func hints() map[string]string {
	return map[string]string{
		"ingress":     "remove the rules, or " + report.AllowIngress + " where the platform wants them",
		"egress":      "list the ports, or name a smaller network or fewer pods",
		"ports":       "name the port, or the peers",
		"port":        "use a number from 1 to 65535, or the name of a container port",
		"endPort":     "endPort closes a range that starts at a numeric port: it is a number from port to 65535",
		"protocol":    "use TCP, UDP or SCTP, in capitals",
		"cidr":        "use a network address and its prefix length, such as 10.1.0.0/16 or 2001:db8::/32",
		"except":      "each exception is a smaller network inside of cidr, such as 10.1.0.0/16 in 10.0.0.0/8",
		"to":          peerHint,
		"from":        peerHint,
		"policyTypes": "use Ingress, Egress or both",
		"values":      selectorHint,
		"operator":    selectorHint,
		"matchLabels": labelHint,
		"labels":      labelHint,
		"key":         labelHint,
		"namespace":   "use lower-case letters, digits and '-', starting and ending with a letter or digit",
		"name":        nameHint,
	}
}

// hintFor says what to do about a value that merge rejects.
func hintFor(err *field.Error) string {
	steps := node.Steps(err.Field)
	isItem := len(steps) > 0 && steps[len(steps)-1].Brackets
	name := ""
	for _, step := range steps {
		if !step.Brackets {
			name = step.Name
		}
	}
	text, _ := err.BadValue.(string)
	number, notNumber := strconv.ParseUint(text, 10, 16)
	switch {
	case name == "ingress" && isItem:
		name = "egress"
	case name == "port" && notNumber == nil && number > 0:
		return fmt.Sprintf("a port number is written without quotes: port: %d", number)
	case name == "policyTypes" && err.Type == field.ErrorTypeInvalid && !isItem:
		return "list each direction that has rules, or remove its rules"
	case name == "values" && isItem:
		name = "labels"
	case name == "name" && err.Type == field.ErrorTypeRequired:
		return "set metadata.name; generateName will not do for something that is merged"
	}
	if hint, ok := hints()[name]; ok {
		return hint
	}
	return "the API server would reject this; see https://kubernetes.io/docs/reference/kubernetes-api/"
}
