package report

// Text is the difference for a terminal.
func (d *Difference) Text() string { return d.page().text() }

// Markdown is the difference for a comment on a pull request.
func (d *Difference) Markdown() string { return d.page().markdown() }

func (d *Difference) page() (p page) {
	if d.IsEmpty() {
		return page{{lines: []string{"The policies allow the same."}}}
	}
	if len(d.Policies) > 0 {
		p = append(p, block{lines: []string{"+ is allowed by the new policies only, - by the old ones only; ! is isolation; other lines are in both."}})
	}
	for _, policy := range d.Policies {
		p = append(p, block{title: policy.title(), rows: policy.rows(), heads: []string{"  DIRECTION", "FROM / TO", "PORTS"}})
	}
	others := block{title: othersTitle}
	for _, o := range d.Others {
		mark := map[Change]string{Came: added, Went: lost, Changed: isolation}[o.Change]
		others.lines = append(others.lines, mark+" "+o.String()+": "+string(o.Change))
	}
	if len(others.lines) > 0 {
		p = append(p, others)
	}
	return p
}

// title is the policy, and what became of it.
func (d *PolicyDifference) title() string {
	former := ""
	if d.FormerName != "" {
		former = " (was " + d.FormerName + ")"
	}
	title := "NetworkPolicy " + d.Name + former + InNamespace(d.Namespace) + ", for " + d.Pods
	if d.Change != Changed {
		title += ": " + string(d.Change)
	}
	return title
}

// rows are what differs: first in which directions the policy isolates the pods, with all
// that it allows there, then what it allows else.
func (d *PolicyDifference) rows() (rows []row) {
	add := func(mark string, rules []AllowedRule) {
		for _, rule := range rules {
			rows = append(rows, row{
				mark: mark, direction: rule.Direction,
				peer: PeersInWords(rule.Peers, rule.Direction), ports: []string{PortsInWords(rule.Ports)},
			})
		}
	}
	whole := map[Change]string{Came: added, Went: lost, Changed: unmarked}[d.Change]
	for _, change := range d.Isolation {
		remark := "not isolated any more: this policy blocks nothing"
		if change.After {
			remark = "isolated now: what no line allows is blocked"
		}
		rows = append(rows, row{mark: isolation, direction: change.Direction, peer: remark})
		add(whole, change.Rules)
	}
	add(added, d.Gained)
	add(lost, d.Lost)
	return rows
}
