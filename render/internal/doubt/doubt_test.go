package doubt

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/networknt/netpol-merge/render/internal/manifest"
)

const (
	policy   = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: a\nspec: {}\n"
	into     = "netpol-merge.networknt.com/into"
	listHead = "apiVersion: v1\nkind: List\nitems:\n"
)

// TestAbout: each way in which programs read a text differently, at its line, and for
// each a neighbour that all of them read alike.
func TestAbout(t *testing.T) {
	const (
		notUTF8    = "not plain UTF-8"
		twoInOne   = "some programs start a document at this line"
		glued      = "the second begins here"
		ends       = "the document ends at this line"
		goesOn     = "goes on below"
		json       = "two JSON values"
		white      = "white space stands in front of ---"
		ownItems   = "an object with items of its own"
		itemsTwice = "items stand here twice"
		inner      = "a NetworkPolicy in a list in a list"
		letters    = "the case of letters"
		parsers    = "YAML parsers do not agree"
		disguise   = "a key is an alias or in base64"
	)
	for name, test := range map[string]struct {
		text, reason string
		line         int
	}{
		"plain":                    {policy, "", 0},
		"plain behind a marker":    {"---\n" + policy, "", 0},
		"byte order mark in front": {"\ufeff" + policy, "", 0},
		"other letters":            {policy + "# \u00e9 \u4e16\n", "", 0},

		"invalid UTF-8":           {policy + "# \xff\n", notUTF8, 6},
		"NUL":                     {policy + "# \x00\n", notUTF8, 6},
		"byte order mark inside":  {policy + "# \ufeff\n", notUTF8, 6},
		"byte order mark, marker": {"\ufeff\ufeff---\n" + policy, notUTF8, 1},

		"word glued to a marker":     {policy + "---x\n", twoInOne, 6},
		"comment glued to a marker":  {policy + "---# x\n", twoInOne, 6},
		"no-break space at a marker": {policy + "---\u00a0\n", twoInOne, 6},
		"such a line at the start":   {"\n---x: 1\n" + policy, twoInOne, 2},
		"indented dashes":            {policy + "a: |\n ---x\n ---\n", "", 0},
		"white space before ---":     {"\n ---\n" + policy, white, 2},

		"two JSON values":               {"---\n# note\n{\"kind\": \"NetworkPolicy\"}\n{\"a\": 1}\n", json, 4},
		"two JSON values on a line":     {"--- {\"kind\": \"NetworkPolicy\"} {\"a\": 1}\n", json, 1},
		"JSON with a comment behind":    {"{\"kind\": \"NetworkPolicy\"} # note\n", "", 0},
		"JSON that is no YAML":          {"{\"kind\": \"NetworkPolicy\", \"a\": \"\\ud83d\\ude00\", \"b\": [1, -0.5, 1e3, true, null]}\n", "", 0},
		"more behind the end":           {policy + "...\na: 1\n", ends, 6},
		"more on the line of the end":   {policy + "... a\n", ends, 6},
		"an end first of all":           {"...\n" + policy, ends, 1},
		"more behind the end's comment": {policy + "... # note\ra: 1\n", ends, 6},
		"more behind a comment below":   {policy + "...\n# note\ra: 1\n", ends, 6},
		"comments behind the end":       {policy + "... # note\n# note\n\n", "", 0},
		"directives behind an end":      {"a: 1\n...\n%YAML 1.1\n---\n" + policy, "", 0},

		"two objects on the first line": {"{apiVersion: a, kind: NetworkPolicy, metadata: {}, apiVersion: b, kind: b, metadata: {}}\n", glued, 1},
		"two documents glued":           {policy + policy, glued, 6},
		"two documents glued by dashes": {strings.Replace(policy, "spec: {}\n", "a: b---\n", 1) + policy, "the --- at the end of this line starts no document", 5},
		"two keys twice":                {policy + "kind: NetworkPolicy\nmetadata: {name: a}\n", "", 0},

		"content on the marker's line":     {"--- {kind: NetworkPolicy}\n", "", 0},
		"such content, and an end":         {"--- {kind: NetworkPolicy}\n...\n# note\n", "", 0},
		"such content that goes on":        {"--- {kind: NetworkPolicy,\n  a: 1}\n", goesOn, 1},
		"such content behind a mark":       {"\ufeff--- {kind: NetworkPolicy,\n  a: 1}\n", goesOn, 1},
		"a comment on the marker's line":   {"--- # note\n" + policy, "", 0},
		"content behind such a comment":    {"--- # note\ra: |\n  b\n", goesOn, 1},
		"the same behind NEL":              {"--- # note\u0085a: |\n  b\n", goesOn, 1},
		"the same behind LS":               {"--- # note\u2028a: |\n  b\n", goesOn, 1},
		"the same behind PS":               {"--- # note\u2029a: |\n  b\n", goesOn, 1},
		"a comment and a break":            {"--- # note\r# note\r\n" + policy, "", 0},
		"a comment and a separator":        {"--- # note\u2028# note\u2029\u0085\n" + policy, "", 0},
		"what is no YAML":                  {policy + "a: [\n\n", "not valid YAML", 6},
		"a second document behind a break": {policy + "# a\r---\rb: 1\n", "a second document starts", 8},

		"items twice":                      {"items: []\nkind: NetworkPolicyList\nitems: []\n", itemsTwice, 3},
		"a policy with items":              {policy + "items: 1\n", ownItems, 6},
		"another vendor's with items":      {"kind: CiliumNetworkPolicy\nitems: {}\n", ownItems, 2},
		"anything else with items":         {"kind: NetworkPolicySet\nitems: {}\n", "", 0},
		"a list":                           {listHead + "- kind: NetworkPolicy\n", "", 0},
		"a list of lists of policies":      {listHead + "- kind: List\n  items:\n  - kind: NetworkPolicy\n    metadata: {name: a}\n", inner, 7},
		"a list of lists of others":        {listHead + "- kind: List\n  items:\n  - kind: ConfigMap\n", "", 0},
		"a key by an alias":                {"x: &m metadata\nkind: c\n*m : {name: a}\n", disguise, 3},
		"null in front of a merge":         {"kind: c\nmetadata:\n<<: {metadata: {name: a}}\n", parsers, 2},
		"null behind a merge":              {"kind: c\n<<: {metadata: {name: a}}\nmetadata:\n", parsers, 3},
		"null behind a merge of null":      {"kind: c\n<<: {metadata: }\nmetadata: ~\n", "", 0},
		"a key in base64 in a merge":       {"kind: c\n<<: {!!binary bWV0YWRhdGE=: {name: a}}\n", disguise, 2},
		"items twice in a merge":           {"kind: c\n<<: {items: [{kind: NetworkPolicy}], items: }\n", parsers, 2},
		"items twice alike in a merge":     {"kind: c\n<<: {items: [], items: []}\n", "", 0},
		"items that are a mapping":         {"kind: List\nitems: {a: {kind: NetworkPolicy}}\n", "items is no list", 2},
		"the same in a ResourceList":       {"kind: ResourceList\nitems: {a: {kind: NetworkPolicy}}\n", "items is no list", 2},
		"items that are none":              {"kind: List\nitems: {}\n", "", 0},
		"items of another kind":            {"kind: ConfigMap\nitems: {a: {kind: NetworkPolicy}}\n", "", 0},
		"a directive for tags":             {"%TAG !! !\n---\n" + policy, "a %TAG directive", 1},
		"such a directive behind others":   {"a: 1\n...\n%YAML 1.1\n%TAG !a! !\n%TAG ! tag:yaml.org,2002:\n---\n" + policy, "a %TAG directive", 3},
		"a directive without a tag":        {"%TAG\n---\n" + policy, "not valid YAML", 1},
		"text that looks like a directive": {"{a: 'b\n%TAG ! x'}\n", "", 0},
		"such text behind a directive":     {"%TAG !a! !\n---\n{a: 'b\n%TAG ! x'}\n", "", 0},
		"a directive for other tags":       {"%TAG !a! !\n---\n" + policy, "", 0},
		"a line that looks like one":       {"---\na: |\n %TAG\n", "", 0},
		"null in a merge":                  {"kind: c\n<<: {metadata: }\nmetadata: {name: a}\n", "", 0},
		"metadata twice":                   {"metadata: {name: e}\nkind: NetworkPolicy\nmetadata:\n", "metadata stands here twice", 3},
		"metadata twice by a merge":        {"<<: {kind: NetworkPolicy}\nmetadata: {name: e}\nmetadata:\n", "metadata stands here twice", 3},
		"kind twice, the first a policy":   {"kind: NetworkPolicy\nkind: ConfigMap\n", "kind stands here twice", 2},
		"kind twice in a merge":            {"<<: {kind: NetworkPolicy, kind: ConfigMap}\n", parsers, 1},
		"apiVersion twice":                 {"kind: NetworkPolicy\napiVersion: a\napiVersion: b\n", "apiVersion stands here twice", 3},
		"kind twice, the first a list":     {"kind: NetworkPolicyList\nkind: List\nitems: []\n", "kind stands here twice", 2},
		"large numbers in JSON":            {"{\"kind\": \"NetworkPolicy\", \"a\": [9223372036854775808, 18446744073709551615]}\n", "", 0},
		"another key by an alias":          {"kind: ConfigMap\nx: &m a\ndata: {*m : NetworkPolicy}\n", disguise, 3},
		"kind twice, no policy":            {"kind: Secret\nkind: ConfigMap\n", "", 0},
		"a policy by a merge, with items":  {"<<: {kind: NetworkPolicy}\nitems: 1\n", ownItems, 2},
		"metadata twice alike":             {"metadata: {name: e}\nkind: NetworkPolicy\nmetadata: {name: e}\n", "", 0},
		"an annotated item with items":     {listHead + "- metadata: {annotations: {" + into + ": ''}}\n  items: []\n", ownItems, 5},
		"an annotated list in a list":      {listHead + "- kind: List\n  items:\n  - metadata: {annotations: {" + into + ": ''}}\n    items: []\n", ownItems, 7},
		"an annotated list":                {listHead + "- kind: ConfigMap\nmetadata: {annotations: {" + into + ": ''}}\n", "", 0},
		"an overlay in a list in a list":   {listHead + "- kind: List\n  items:\n  - kind: NetworkPolicy\n    metadata: {annotations: {" + into + ": ''}}\n", "", 0},

		"case of apiVersion":  {"kind: NetworkPolicy\nApiVersion: a\n", letters, 2},
		"case of kind":        {"kind: a\nKind: NetworkPolicy\n", letters, 2},
		"case of metadata":    {"kind: NetworkPolicy\nMetadata: {}\n", letters, 2},
		"case of spec":        {"kind: NetworkPolicy\nSpec: {}\n", letters, 2},
		"case of items":       {"kind: NetworkPolicyList\nItems: []\n", letters, 2},
		"case of annotations": {"kind: NetworkPolicy\nmetadata: {Annotations: {}}\n", letters, 2},
		"case of name":        {"kind: NetworkPolicy\nmetadata: {Name: a}\n", letters, 2},
		"case of namespace":   {"kind: NetworkPolicy\nmetadata: {nameSpace: a}\n", letters, 2},
		"case in a list":      {listHead + "- kind: NetworkPolicy\nMetadata: {}\n", letters, 5},
		"the Kelvin sign":     {"\u212aind: NetworkPolicy\n", letters, 1},
		"case of other keys":  {"kind: NetworkPolicy\nmetadata: {Labels: {}, labels: {}}\nspec: {Egress: []}\n", "", 0},

		"a kind replaced by a merge":          {"kind: NetworkPolicy\n<<: {kind: ConfigMap}\n", parsers, 1},
		"a kind brought in by a merge":        {"<<: {kind: NetworkPolicy}\nmetadata: {name: a}\n", "", 0},
		"an annotation replaced by a merge":   {"kind: A\nmetadata:\n  annotations: {" + into + ": ''}\n  <<: {annotations: {}}\n", parsers, 3},
		"an annotation a merge replaces with": {"kind: A\nmetadata:\n  annotations: {}\n  <<: {annotations: {" + into + ": ''}}\n", parsers, 3},
		"such a merge without annotation":     {"kind: A\nmetadata:\n  annotations: {}\n  <<: {annotations: {a: ''}}\n", "", 0},
		"a policy in a list":                  {listHead + "- kind: ConfigMap\n- kind: NetworkPolicy\n  a: 1\n  <<: {a: 2}\n", parsers, 6},
		"another vendor's policy":             {"kind: CiliumNetworkPolicy\na: 1\n<<: {a: 2}\n", parsers, 2},
		"no policy":                           {"kind: NetworkPolicies\na: 1\n<<: {a: 2}\n", "", 0},
		"an entry that a merge adds":          {"kind: NetworkPolicy\na: 1\n<<: {b: 2}\n", "", 0},
		"a merge in front":                    {"<<: {a: 2}\nkind: NetworkPolicy\na: 1\n", "", 0},
		"merges of several":                   {"kind: NetworkPolicy\n<<: [{a: 1}, {a: 2, b: 3}]\n", "", 0},
		"a scalar replaced by null":           {"kind: NetworkPolicy\na: 1\n<<: {a: null}\n", parsers, 2},
		"a text replaced by null":             {"kind: NetworkPolicy\na: b\n<<: {a: null}\n", parsers, 2},
		"null replaced by a number":           {"kind: NetworkPolicy\na: null\n<<: {a: 0}\n", parsers, 2},
		"null replaced by a fraction":         {"kind: NetworkPolicy\na: null\n<<: {a: 0.5}\n", parsers, 2},
		"a list replaced by a longer one":     {"kind: NetworkPolicy\na: [1]\n<<: {a: [1, 2]}\n", parsers, 2},
		"a truth replaced by its opposite":    {"kind: NetworkPolicy\na: true\n<<: {a: false}\n", parsers, 2},
		"a text replaced by a truth":          {"kind: NetworkPolicy\na: b\n<<: {a: 'b '}\n", parsers, 2},
		"a time replaced by another":          {"kind: NetworkPolicy\na: 2006-01-02T15:04:05Z\n<<: {a: 2006-01-02T15:04:06Z}\n", parsers, 2},

		"a tagged list":           {"kind: NetworkPolicy\na: !x [1]\n", parsers, 2},
		"a tagged mapping":        {"kind: NetworkPolicy\na: !x {}\n", parsers, 2},
		"a number as a key":       {"kind: NetworkPolicy\na: {1: a}\n", parsers, 2},
		"text as a key":           {"kind: NetworkPolicy\na: {'1': a}\n", "", 0},
		"binary text":             {"kind: !!binary TmV0d29ya1BvbGljeQ==\na: !!binary YQ==\n", "", 0},
		"a binary key":            {"kind: NetworkPolicy\n!!binary YQ==: 1\n", disguise, 2},
		"NEL in JSON":             {"{\"kind\": \"NetworkPolicy\",\n\"a\": \"x\u0085y\"}\n", "as JSON this says something else", 2},
		"NEL in a list":           {"{\"kind\": \"NetworkPolicyList\", \"apiVersion\": \"\u0085/\", \"items\": []}\n", "as JSON this says something else", 1},
		"JSON behind a directive": {"%YAML 1.1\n---\n{\"kind\": \"NetworkPolicy\",\n\"a\": \"x\u0085y\"}\n", "as JSON this says something else", 4},
		"a tab in front of JSON":  {"\n\t{\"kind\": \"NetworkPolicy\"}\n", "white space that is no plain space", 2},
		"a tab behind a marker":   {"---\t{\"kind\": \"NetworkPolicy\"}\n", "", 0},
		"NEL in other JSON":       {"{\"kind\": \"ConfigMap\", \"a\": \"x\u0085y\"}\n", "", 0},
		"numbers in JSON":         {"{\"kind\": \"NetworkPolicy\", \"a\": [1, 1.0, 1e3, -0, 18446744073709551616], \"b\": \"\\u0085\"}\n", "", 0},
		"aliases":                 {"kind: NetworkPolicy\na: &a [1]\nb: *a\n", "", 0},
		"numbers":                 {"kind: NetworkPolicy\na: [1, -1, 1.0, 1.5, 3.5e+08, 18446744073709551616, 0x1f, !!float 443]\n", "", 0},
		"words of YAML 1.1":       {"kind: NetworkPolicy\na: [yes, off, true, null, ~, '', 'yes']\n", "", 0},
		"a date":                  {"kind: NetworkPolicy\na: [2006-01-02T15:04:05Z, '2006-01-02', 2006-01-02, 2006-01-02 15:04:05.10-05:00]\n", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			documents := manifest.Split(manifest.Source{Text: []byte(test.text)}, 0)
			doubt := About(documents[len(documents)-1])
			if test.reason == "" {
				require.Nil(t, doubt)
				return
			}
			require.NotNil(t, doubt)
			require.Contains(t, doubt.Reason, test.reason)
			require.Equal(t, test.line, doubt.Line)
			require.Equal(t, test.reason == json, doubt.Certain)
		})
	}
}
