# The image that workers run and that launches Flex Template jobs (docs/dataflow.md):
#   python -m build --wheel && docker build --tag IMAGE .
ARG BEAM_VERSION=2.77.0
ARG PYTHON_VERSION=3.11

FROM gcr.io/dataflow-templates-base/python311-template-launcher-base:latest AS launcher

FROM apache/beam_python${PYTHON_VERSION}_sdk:${BEAM_VERSION}
ARG BEAM_VERSION

# Any worker of the last ten years, so that what is compiled here is used there: numba
# looks for compiled kernels by the processor they were compiled for.
ENV NUMBA_CPU_NAME=x86-64-v3 \
    NUMBA_CPU_FEATURES=+avx2,+bmi,+bmi2,+fma,+lzcnt,+movbe,+popcnt,+sse4.2 \
    NUMBA_CACHE_DIR=/opt/corpus-audit/kernels

COPY dist/corpus_audit-*.whl /tmp/wheels/
RUN pip install --no-cache-dir "apache-beam[gcp]==${BEAM_VERSION}" /tmp/wheels/*.whl \
    && rm -rf /tmp/wheels

# One small audit compiles every kernel and loads every table: a broken image fails here.
COPY sample_corpora/global_mix /tmp/global_mix
RUN corpus-audit profile /tmp/global_mix --out /tmp/warm --runner in-process --no-progress \
    && rm -rf /tmp/warm /tmp/global_mix

COPY --from=launcher /opt/google/dataflow/python_template_launcher /opt/google/dataflow/
COPY pipelines/launcher.py /opt/corpus-audit/launcher.py
ENV FLEX_TEMPLATE_PYTHON_PY_FILE=/opt/corpus-audit/launcher.py
# Workers start with Beam's own entry point; a Flex Template names its launcher itself.
