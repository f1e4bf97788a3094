package report

import "slices"

const (
	legendOfDifference = "+ is allowed only by the new policies, - was allowed only by the old ones."
	noDifference       = "The policies allow the same."
	isolatedNow        = "isolated by this policy now"
	notIsolatedNow     = "not isolated by this policy any more"
)

// Text is the difference for a terminal.
func (d *Difference) Text(style TextStyle) string { return d.page().text(style) }

// Markdown is the difference for a comment on a pull request, with a picture, in Mermaid,
// of what is allowed now.
func (d *Difference) Markdown() string { return d.page().markdown() }

func (d *Difference) page() (p page) {
	if d.IsEmpty() {
		return page{{lines: []string{noDifference}}}
	}
	if len(d.Policies) > 0 {
		p = append(p, block{lines: []string{legendOfDifference}})
	}
	for i := range d.Policies {
		policy := &d.Policies[i]
		b := block{title: policy.title(), isSection: true, rows: policy.rows(), heads: heads()[:3]}
		gained := slices.DeleteFunc(slices.Clone(b.rows), func(r row) bool { return r.mark != added })
		if len(gained) > 0 {
			b.picture = mermaid("NetworkPolicy "+policy.Name, policy.Pods, gained, false)
		}
		p = append(p, b)
	}
	if len(d.Others) > 0 {
		others := block{title: othersTitle}
		for _, o := range d.Others {
			mark := map[Change]string{Came: added, Went: lost, Changed: isolation}[o.Change]
			others.items = append(others.items, item{mark, o.String() + ": " + string(o.Change)})
		}
		p = append(p, others)
	}
	return p
}

// title is the policy, and what became of it.
func (d *PolicyDifference) title() string {
	title := "NetworkPolicy " + d.Name + inNamespace(d.Namespace) + ", for " + d.Pods
	switch {
	case d.Change != Changed:
		return title + ": " + string(d.Change)
	case d.FormerName != "":
		return title + ": was named " + d.FormerName
	case d.FormerPods != "":
		return title + ": was for " + d.FormerPods
	}
	return title
}

// rows are what differs: first in which directions the policy isolates the pods, with all
// that it allows there, then what it allows else.
func (d *PolicyDifference) rows() (rows []row) {
	add := func(mark string, rules []AllowedRule) {
		for _, rule := range rules {
			rows = append(rows, row{mark: mark, direction: rule.Direction, peer: PeersInWords(rule.Peers, rule.Direction), ports: rule.Ports})
		}
	}
	whole := map[Change]string{Came: added, Went: lost, Changed: unmarked}[d.Change]
	for _, change := range d.Isolation {
		remark := notIsolatedNow
		if change.After {
			remark = isolatedNow
		}
		rows = append(rows, row{mark: isolation, direction: change.Direction, peer: remark, isRemark: true})
		add(whole, change.Rules)
	}
	add(added, d.Gained)
	add(lost, d.Lost)
	return rows
}
