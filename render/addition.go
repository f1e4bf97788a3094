package render

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/networknt/netpol-merge/merge"
)

// addition is what is appended to one list of a target: ports to the ports of
// one of its rules, or rules to its rules.
type addition struct {
	rules string // the key of the rules: ingress or egress
	rule  int    // index of the rule that gets ports; -1 if rules are appended
	items []*yamlnode.Node
}

// findAdditions finds what the changes add to the target's text. Ports added to a
// rule that was itself appended become part of that rule.
func (t *target) findAdditions() error {
	for _, direction := range merge.Directions() {
		// One for each rule that stands, and the last for rules that are appended.
		lists := make([]addition, len(merge.Rules(t.policy, direction))+1)
		for i := range lists {
			lists[i] = addition{rules: merge.RulesKey(direction), rule: i}
		}
		appended := &lists[len(lists)-1]
		for _, change := range t.changes {
			if change.Direction != direction || len(change.Added.Peers)+len(change.Added.Ports) == 0 {
				continue
			}
			nodes, err := nodesOf(change, "# from "+t.overlays[change.Overlay].name())
			if err != nil {
				return err
			}
			list := &lists[min(change.Into, appended.rule)]
			if change.Action == merge.PortsAdded && list == appended {
				_, ports := entry(appended.items[change.Into-appended.rule], "ports")
				ports.Content = append(ports.Content, nodes...)
				continue
			}
			list.items = append(list.items, nodes...)
		}
		appended.rule = -1
		t.additions = append(t.additions, slices.DeleteFunc(lists, func(a addition) bool { return len(a.items) == 0 })...)
	}
	return nil
}

// nodesOf are the ports, or the rule, that a change adds.
func nodesOf(change merge.Change, comment string) ([]*yamlnode.Node, error) {
	if change.Action == merge.PortsAdded {
		return portNodes(change.Added.Ports, comment)
	}
	rule, err := ruleNode(change.Added, change.Direction, comment)
	return []*yamlnode.Node{rule}, err
}

// ruleNode is a rule as a person would write it: peers before ports.
func ruleNode(rule merge.Rule, direction networkingv1.PolicyType, comment string) (*yamlnode.Node, error) {
	node := &yamlnode.Node{Kind: yamlnode.MappingNode}
	if len(rule.Peers) > 0 {
		peers, err := nodeOf(rule.Peers)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, text(merge.PeersKey(direction)), peers)
	}
	if len(rule.Ports) > 0 {
		ports, err := nodeOf(rule.Ports)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, text("ports"), ports)
	}
	node.Content[0].LineComment = comment
	return node, nil
}

func portNodes(ports []networkingv1.NetworkPolicyPort, comment string) ([]*yamlnode.Node, error) {
	list, err := nodeOf(ports)
	if err != nil {
		return nil, err
	}
	for _, port := range list.Content {
		port.Content[1].LineComment = comment // the value of protocol, which comes first
	}
	return list.Content, nil
}

// nodeOf is a value of the API as YAML in block style, its fields in the order
// of the API.
func nodeOf(value any) (*yamlnode.Node, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var document yamlnode.Node
	if err := yamlnode.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if err := inPlainStyle(document.Content[0]); err != nil {
		return nil, err
	}
	return document.Content[0], nil
}

// inPlainStyle takes away what JSON looks like: flow style, and quotes that no
// version of YAML needs.
func inPlainStyle(node *yamlnode.Node) error {
	if node.ShortTag() == "!!str" {
		return node.Encode(node.Value)
	}
	node.Style = 0
	for _, child := range node.Content {
		if err := inPlainStyle(child); err != nil {
			return err
		}
	}
	return nil
}

// encode writes a node in the style of kubectl: two spaces, and lists not
// indented in mappings.
func encode(node *yamlnode.Node) ([]byte, error) {
	var b bytes.Buffer
	encoder := yamlnode.NewEncoder(&b)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(node); err != nil {
		return nil, err
	}
	if err := encoder.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// itemLines are the lines of a list's items.
func itemLines(items []*yamlnode.Node) ([]string, error) {
	text, err := encode(&yamlnode.Node{Kind: yamlnode.SequenceNode, Content: items})
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), nil
}
