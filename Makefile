# Every target is one Python command, `python -m lib TARGET`, for machines without make.
PYTHON ?= python3
TARGETS = book student test data replicate notebooks serve bench lint clean

.PHONY: $(TARGETS) chapter
$(TARGETS):
	@$(PYTHON) -m lib $@ $(ARGS)

# make chapter CH=13 P="theta=4 h_steps=11"
chapter:
	@$(PYTHON) -m lib chapter $(CH) $(P)
