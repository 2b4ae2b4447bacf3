# Every target is one Python command, `python -m lib TARGET`, for machines without make.
PYTHON ?= python3
TARGETS = book student pdf test data replicate notebooks serve bench lint clean

.PHONY: $(TARGETS) chapter problem-set slides
$(TARGETS):
	@$(PYTHON) -m lib $@ $(ARGS)

# make chapter CH=13 P="theta=4 h_steps=11"
chapter:
	@$(PYTHON) -m lib chapter $(CH) $(P)

# make problem-set CH=31 ROSTER=students.csv SEED=1 P="year=2011"
problem-set:
	@$(PYTHON) -m lib problem-set $(CH) "$(ROSTER)" $(P) $(if $(SEED),--seed $(SEED)) $(ARGS)

# make slides CH=13
slides:
	@$(PYTHON) -m lib slides $(CH)
