#!/usr/bin/python3
"""An RTSP server with one live stream, rtsp://127.0.0.1:PORT/camera, of numbered pictures.

Usage: rtsp.py PORT [USER PASSWORD]

Prints "serving" when it does. Runs until it is killed. Exits with 77 where it can't.
"""
import sys

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer
except (ImportError, ValueError):
    sys.exit(77)

PIPELINE = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=160,height=120,framerate=25/1"
    " ! jpegenc ! rtpjpegpay name=pay0 pt=26 )"
)


def protect(server, factory, user, password):
    """Only who shows the password may look."""
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "keeper")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("keeper", "media.factory.access", True)
    permissions.add_permission_for_role("keeper", "media.factory.construct", True)
    factory.set_permissions(permissions)


def main():
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[1])
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(PIPELINE)
    factory.set_shared(True)
    if len(sys.argv) == 4:
        protect(server, factory, sys.argv[2], sys.argv[3])
    server.get_mount_points().add_factory("/camera", factory)
    if server.attach(None) == 0:
        sys.exit("rtsp.py: cannot listen on port " + sys.argv[1])
    print("serving", flush=True)
    GLib.MainLoop().run()


main()
