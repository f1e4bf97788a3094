package render

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

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
	peers, err := t.addedPeers()
	if err != nil {
		return err
	}
	for _, direction := range merge.Directions() {
		// One for each rule that stands, and the last for rules that are appended.
		lists := make([]addition, len(merge.Rules(t.policy, direction))+1)
		for i := range lists {
			lists[i] = addition{rules: merge.RulesKey(direction), rule: i}
		}
		appended := &lists[len(lists)-1]
		for i, change := range t.changes {
			if change.Direction != direction || len(change.Added.Peers)+len(change.Added.Ports) == 0 {
				continue
			}
			nodes := nodesOf(change, peers[i], "# from "+t.overlays[change.Overlay].name())
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

// addedPeers are the peers that each change adds. They are made all at once: the
// encoder costs more to set up than to use.
func (t *target) addedPeers() ([]*yamlnode.Node, error) {
	peers := make([][]networkingv1.NetworkPolicyPeer, len(t.changes))
	hasPeers := false
	for i, change := range t.changes {
		peers[i] = change.Added.Peers
		hasPeers = hasPeers || len(peers[i]) > 0
	}
	if !hasPeers {
		return make([]*yamlnode.Node, len(peers)), nil
	}
	node, err := nodeOf(peers)
	if err != nil {
		return nil, err
	}
	return node.Content, nil
}

// nodesOf are the ports, or the rule with the peers, that a change adds.
func nodesOf(change merge.Change, peers *yamlnode.Node, comment string) []*yamlnode.Node {
	var ports []*yamlnode.Node
	for _, port := range change.Added.Ports {
		ports = append(ports, portNode(port))
	}
	if change.Action == merge.PortsAdded {
		for _, port := range ports {
			port.Content[1].LineComment = comment // the protocol, which comes first
		}
		return ports
	}
	rule := &yamlnode.Node{Kind: yamlnode.MappingNode}
	if len(change.Added.Peers) > 0 {
		rule.Content = append(rule.Content, plain(merge.PeersKey(change.Direction)), peers)
	}
	if len(ports) > 0 {
		rule.Content = append(rule.Content, plain("ports"), &yamlnode.Node{Kind: yamlnode.SequenceNode, Content: ports})
	}
	rule.Content[0].LineComment = comment
	return []*yamlnode.Node{rule}
}

// portNode is a port with its protocol, as a person would write it.
func portNode(port networkingv1.NetworkPolicyPort) *yamlnode.Node {
	node := &yamlnode.Node{Kind: yamlnode.MappingNode, Content: []*yamlnode.Node{plain("protocol"), plain(string(*port.Protocol))}}
	switch {
	case port.Port == nil:
		return node
	case port.Port.Type == intstr.String:
		node.Content = append(node.Content, plain("port"), scalar(port.Port.StrVal))
	default:
		node.Content = append(node.Content, plain("port"), plain(port.Port.String()))
	}
	if port.EndPort != nil {
		node.Content = append(node.Content, plain("endPort"), plain(strconv.Itoa(int(*port.EndPort))))
	}
	return node
}

// plain is a scalar that needs no quotes.
func plain(value string) *yamlnode.Node {
	return &yamlnode.Node{Kind: yamlnode.ScalarNode, Value: value}
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
	quoted := withoutStyle(node)
	texts := make([]string, len(quoted))
	for i, scalar := range quoted {
		texts[i] = scalar.Value
	}
	var list yamlnode.Node
	if err := list.Encode(texts); err != nil {
		return err
	}
	for i, scalar := range quoted {
		*scalar = *list.Content[i]
	}
	return nil
}

// withoutStyle takes the style away from a node and all in it but texts, which
// it returns.
func withoutStyle(node *yamlnode.Node) (texts []*yamlnode.Node) {
	if node.ShortTag() == "!!str" {
		return []*yamlnode.Node{node}
	}
	node.Style = 0
	for _, child := range node.Content {
		texts = append(texts, withoutStyle(child)...)
	}
	return texts
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
