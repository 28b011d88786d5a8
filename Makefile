# The front door. `make` alone lists the targets; CI calls the same ones (.ci/run).
MVN := ci/mvn
FARSIDE := hil-rig/farside

.DEFAULT_GOAL := help
.PHONY: help build run demo test fmt tidy sim mutants fuzz recorded bench jmh ci clean

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 8

build: ## Make all jars, without tests
	@$(MVN) package -Dmaven.test.skip=true -Dorg.slf4j.simpleLogger.log.org.apache.maven.plugin.surefire=warn

run: build ## Run the loopback rig: two cabinets on this machine
	@$(FARSIDE) run hil-rig/rigs/loopback.yaml

demo: build ## Show a mirrored pair at work, and end
	@$(FARSIDE) demo

test: ## Run all tests, end-to-end ones too
	@$(MVN) verify -T 1C --fail-at-end

fmt: ## Format all Java sources
	@$(MVN) spotless:apply

tidy: ## Check format, walls between rooms, documents, and what error-prone says
	@$(MVN) spotless:check
	@find . -type d -path '*/target/*' \( -name classes -o -name test-classes \) -prune -exec rm -r {} +
	@$(MVN) -T 1C -Pchecks -pl ci,hil-rig/endtoend -am test -Dsurefire.failIfNoSpecifiedTests=false -Dtest='farside.ci.*Test'

sim: build $(if $(MINUTES),recorded) ## Run in virtual time (SEED= replays one; SEEDS= how many; MINUTES= how long; JOBS= at once; SHRINK=true)
	@$(FARSIDE) sim $(if $(SEED),--seed=$(SEED)) $(if $(SEEDS),--seeds=$(SEEDS)) $(if $(LIST),--list=$(LIST)) $(if $(MINUTES),--minutes=$(MINUTES)) $(if $(JOBS),--jobs=$(JOBS)) $(if $(SCENARIO),--scenario=$(SCENARIO)) $(if $(ONLY),--only=$(ONLY)) $(if $(SHRINK),--shrink)

mutants: ## See the simulator find every deliberate fault (FRESH=true: count the seeds anew; ONLY= some)
	@$(MVN) -T 1C -pl firmware-emu -am test -Dtest=MutantsTest -DexcludedGroups= -Dsurefire.failIfNoSpecifiedTests=false -Dfarside.mutants.fresh=$(if $(FRESH),$(FRESH),false) -Dfarside.mutants.only="$(ONLY)"

fuzz: ## Search for bytes that upset what reads them (SECONDS= for each fuzz test, 60; ONLY= some)
	@ci/fuzz $(or $(SECONDS),60) '$(ONLY)'

# What of the simulator is hot, for its JVM: worth its half minute only where minutes follow. Other seeds than are measured.
recorded: build
	@[ -f hil-rig/target/sim.aot ] && \
	  [ -z "$$(find hil-rig/target/farside.jar hil-rig/target/lib -name '*.jar' -newer hil-rig/target/sim.aot)" ] || \
	  FARSIDE_RECORD=sim $(FARSIDE) sim --scenario PACED --seeds 1001..1012 >hil-rig/target/record-sim.log 2>&1

bench: build recorded ## Measure beside what a user would pick instead, as ratios (OPTIONS=--quick, OPTIONS=--help)
	@hil-rig/bench/bench $(OPTIONS)

jmh: ## Measure the link codec and the slot path by themselves (OPTIONS=-h)
	@$(MVN) -pl hil-rig -am test-compile dependency:build-classpath -Dmdep.outputFile=target/jmh.classpath
	@hil-rig/bench/jmh $(OPTIONS)

ci: ## Do what CI does, on a fresh Debian 12 (installs packages)
	@.ci/run

clean: ## Remove what was built
	@$(MVN) clean
