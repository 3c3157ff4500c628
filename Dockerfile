# glyphgrad serve demo, on ports above 1024 and as nobody in particular.
#   docker build -t glyphgrad . && docker run -p 23:2323 -p 2222:2222 -p 80:8080 -v glyphgrad:/state glyphgrad
FROM python:3.11-slim
COPY . /src
# The small CPU build of PyTorch first: nothing here needs more.
RUN pip install --no-cache-dir torch --index-url https://download.pytorch.org/whl/cpu \
 && pip install --no-cache-dir /src \
 && rm -rf /src
RUN useradd --system --home-dir /state glyphgrad && install -d -o glyphgrad /state
USER glyphgrad
ENV STATE_DIRECTORY=/state
VOLUME /state
EXPOSE 2323 2222 8080
ENTRYPOINT ["glyphgrad", "serve", "--telnet", "0.0.0.0:2323", "--ssh", "0.0.0.0:2222", "--http", "0.0.0.0:8080"]
CMD ["demo"]
