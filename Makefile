# Every target is one Python command, `python -m lib TARGET`, for machines without make.
PYTHON ?= python3
TARGETS = book student pdf test test-settings data replicate notebooks serve bench lint clean

.DEFAULT_GOAL := help
.PHONY: $(TARGETS) help chapter problem-set slides
$(TARGETS):
	@$(PYTHON) -m lib $@ $(ARGS)

help:
	@echo "make book            build the book, on originals where they are and a made-up world elsewhere"
	@echo "make test            run the tests"
	@echo "make chapter         run a chapter with other parameters: CH=14 P=\"country=DEU theta_scale=0.8\""
	@echo "make data            fetch the original data"
	@echo "make notebooks       write plain notebooks for JupyterLab and papermill"
	@echo "make slides          make the deck of a chapter: CH=13"
	@echo "make problem-set     make sheets and a key: CH=31 ROSTER=students.csv SEED=1 P=\"year=2011\""
	@echo "make student         build the edition without solutions"
	@echo "make pdf             print the book"
	@echo "make serve           serve the built book on this machine"
	@echo "make replicate       run everything on originals and record the results"
	@echo "make test-settings   run every chapter at many legal settings (hours)"
	@echo "make bench, lint, clean"

chapter:
	@$(PYTHON) -m lib chapter $(CH) $(P)

problem-set:
	@$(PYTHON) -m lib problem-set $(CH) "$(ROSTER)" $(P) $(if $(SEED),--seed $(SEED)) $(ARGS)

slides:
	@$(PYTHON) -m lib slides $(CH)
